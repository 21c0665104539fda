// What users type and write down: numbers, names, specs and JSON.
#include "lib/core/text.h"

#include <gtest/gtest.h>

#include "lib/core/error.h"
#include "lib/core/json.h"
#include "lib/core/spec.h"
#include "tests/messages.h"

namespace aigis {
namespace {

// The table of well-formed byte sequences of the Unicode Standard (3.9, table 3-7), at its edges.
TEST(Text, Utf8) {
  for (const char* text : {"", "bird", "caf\xc3\xa9", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  for (const char* bytes :
       {"caf\xe9", "\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(is_utf8(bytes)) << bytes;
  }
}

TEST(Json, IsReadStrictly) {
  EXPECT_EQ(parse_json("{\"b\": [1, {\"a\": 2}], \"a\": {\"b\": 1}}", "x").dump(),
            "{\"b\":[1,{\"a\":2}],\"a\":{\"b\":1}}");
  EXPECT_EQ(parse_json("{/* why */ \"a\": 1} // end", "x", true)["a"], 1);
  const std::string levels(64, '['), ends(64, ']');
  EXPECT_EQ(parse_json(levels + ends, "x").size(), 1u);
  const std::vector<std::pair<std::string, std::string>> bad{
      {"[" + levels + ends + "]", "x: not usable JSON: it is nested more than 64 levels deep"},
      {std::string(1'000'000, '['), "x: not usable JSON: it is nested more than 64 levels deep"},
      {"{\"a\": 1, \"b\": {\"a\": 1}, \"a\": 2}", "x: key 'a' is given twice"},
      {"{\"a\": 1", "x: not JSON: it ends too early"},
      {"{\"a\": 1} // end", "x: not JSON: at byte 10"},
      {"[1e999]", "x: not usable JSON: a number is out of range"}};
  for (const auto& [text, message] : bad) EXPECT_EQ(message_of([&] { parse_json(text, "x"); }), message);
}

TEST(Text, NumbersAndFractions) {
  EXPECT_DOUBLE_EQ(parse_number("8/255", "epsilon"), 8.0 / 255);
  EXPECT_DOUBLE_EQ(parse_number(" 0.03 ", "epsilon"), 0.03);
  EXPECT_DOUBLE_EQ(parse_number("25.5/255", "epsilon"), 0.1);
  for (const char* bad : {"8/0", "", "1/2/3", "abc", "1e999", "nan", "inf", "0x10", "1 2"}) {
    EXPECT_THROW(parse_number(bad, "epsilon"), InputError) << bad;
  }
  EXPECT_NE(message_of([] { parse_number("8/0", "epsilon"); }).find("divides by zero"), std::string::npos);
}

TEST(Text, Durations) {
  EXPECT_DOUBLE_EQ(parse_duration("20m", "limit"), 1200);
  EXPECT_DOUBLE_EQ(parse_duration("90", "limit"), 90);
  EXPECT_DOUBLE_EQ(parse_duration("1.5h", "limit"), 5400);
  for (const char* bad : {"0", "-1m", "m", "", "5x"}) EXPECT_THROW(parse_duration(bad, "limit"), InputError) << bad;
}

TEST(Text, SuggestsTheNearestName) {
  EXPECT_EQ(unknown_name("attack", "pdg", {"fgsm", "pgd"}), "unknown attack 'pdg'; did you mean 'pgd'?");
  EXPECT_EQ(unknown_name("attack", "zzzz", {"fgsm", "pgd"}), "unknown attack 'zzzz'; known: fgsm, pgd");
}

TEST(Text, PrintsOnOneLine) {
  EXPECT_EQ(printable("a\nb\tc\r\x1b[31m\x7f"), "a\\nb\\tc\\x0d\\x1b[31m\\x7f");
  EXPECT_EQ(printable("caf\xc3\xa9 8/255"), "caf\xc3\xa9 8/255");
}

TEST(Text, AnErrorIsOneLine) {
  EXPECT_EQ(one_line(InputError("unknown model 'a\nb'")), "unknown model 'a\\nb'");
  EXPECT_EQ(one_line(RunError("x\x1b[2J: no space")), "x\\x1b[2J: no space");
  EXPECT_EQ(one_line(std::runtime_error("sizes differ\nframe #0: c10")), "sizes differ");
}

TEST(Specs, ReadAndWriteBack) {
  const Spec spec = Spec::parse("imagefolder:a/b,size=224,x=4:2:0");
  EXPECT_EQ(spec.name, "imagefolder");
  EXPECT_EQ(spec.path, "a/b");
  ASSERT_EQ(spec.options.size(), 2u);
  EXPECT_EQ(spec.options[1].second, "4:2:0");
  EXPECT_EQ(spec.text(), "imagefolder:a/b,size=224,x=4:2:0");
  for (const char* bad : {"", ":a=1", "n:a=1,b", "n:a=1,a=2", "n:a=1,"}) {
    EXPECT_THROW(Spec::parse(bad), InputError) << bad;
  }
}

TEST(Specs, PathsMayHoldColonsAndEqualsSigns) {
  const Spec named = Spec::parse("/tmp/a:b/x=1/m.safetensors:gates=argmax,draws=5");
  EXPECT_EQ(named.name, "/tmp/a:b/x=1/m.safetensors");
  EXPECT_EQ(named.options.size(), 2u);
  EXPECT_EQ(named.text(), "/tmp/a:b/x=1/m.safetensors:gates=argmax,draws=5");
  EXPECT_EQ(Spec::parse("/tmp/a:b/m.safetensors").name, "/tmp/a:b/m.safetensors");
  const Spec data = Spec::parse("imagefolder:/tmp/a:b/size=1,size=224");
  EXPECT_EQ(data.path, "/tmp/a:b/size=1");
  EXPECT_EQ(data.options.size(), 1u);
}

}  // namespace
}  // namespace aigis
