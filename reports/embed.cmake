# cmake -DINPUT=FILE -DOUTPUT=FILE.cpp -DNAME=kName -P embed.cmake: a text file as a C++ string.
# A literal's length is limited by the standard, so the text is cut into adjacent literals at line ends.
file(READ "${INPUT}" text)
string(REPLACE "\n" "\n)aigis\" R\"aigis(" text "${text}")
file(WRITE "${OUTPUT}"
  "namespace aigis {\nextern const char* const ${NAME};\n"
  "const char* const ${NAME} = R\"aigis(${text})aigis\";\n}  // namespace aigis\n")
