// Text, specs, options, files and random numbers.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <filesystem>

#include "lib/core/error.h"
#include "lib/core/files.h"
#include "lib/core/json.h"
#include "lib/core/options.h"
#include "lib/core/philox.h"
#include "lib/core/repeatable.h"
#include "lib/core/spec.h"
#include "lib/core/text.h"
#include "lib/core/upload.h"
#include "lib/core/workers.h"

namespace aigis {
namespace {

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Repeatable, WhateverWasAllowedBefore) {
  auto& context = at::globalContext();
  context.setAllowTF32CuDNN(true);
  context.setAllowTF32CuBLAS(true);
  context.setDeterministicCuDNN(false);
  context.setBenchmarkCuDNN(true);
  make_repeatable();
  EXPECT_FALSE(context.allowTF32CuDNN());
  EXPECT_FALSE(context.allowTF32CuBLAS());
  EXPECT_TRUE(context.deterministicCuDNN());
  EXPECT_FALSE(context.benchmarkCuDNN());
}

// Known answers published with the generator's reference code (Random123, kat_vectors).
TEST(Philox, KnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, EveryPartOfTheIdentityMatters) {
  const Stream base{7, Purpose::attack, 1, 2, 3};
  const std::vector<Stream> others{{8, Purpose::attack, 1, 2, 3}, {7, Purpose::attack_gates, 1, 2, 3},
                                   {7, Purpose::attack, 0, 2, 3}, {7, Purpose::attack, 1, 0, 3},
                                   {7, Purpose::attack, 1, 2, 0}, {7ull + (1ull << 32), Purpose::attack, 1, 2, 3}};
  for (const auto& other : others) EXPECT_NE(base.key(), other.key());
  const auto key = base.key();
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 1, 0, 0));
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 1ull << 32, 0, 0));
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 0, 1, 0));
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 0, 0, 1));
  EXPECT_NE(draw_word(key, 0, 0, 0), draw_word(key, 0, 0, 4));
}

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

struct SampleOptions {
  int64_t steps = 10;
  double size = 0.5;
  bool on = true;
  void bind(OptionTable& table) {
    table.integer("steps", &steps, 1, 100, "steps");
    table.number("size", &size, 0, 1, "pixels", "size");
    table.flag("on", &on, "on");
  }
};

TEST(Options, ReadPrintAndRefuse) {
  const auto options = read_options<SampleOptions>(Spec::parse("s:steps=20,size=2/255,on=false"), "thing 's'");
  EXPECT_EQ(option_values(options).dump(), R"({"steps":20,"size":0.00784313725490196,"on":false})");
  const auto error = [](const char* text) {
    return message_of([=] { read_options<SampleOptions>(Spec::parse(text), "thing 's'"); });
  };
  EXPECT_EQ(error("s:setps=3"), "thing 's': unknown option 'setps'; did you mean 'steps'?");
  EXPECT_EQ(error("s:steps=0"), "thing 's': option 'steps': 0 is out of range; expected 1 to 100");
  EXPECT_EQ(error("s:steps=x"), "thing 's': option 'steps': 'x' is not a whole number");
  EXPECT_EQ(error("s:on=maybe"), "thing 's': option 'on': 'maybe' is not one of false, true");
}

struct DependentOptions {
  double momentum = 0;
  bool nesterov = false;
  std::string aim = "sloth";
  int64_t klass = 0;
  void bind(OptionTable& table) {
    table.number("momentum", &momentum, 0, 1, "", "decay");
    table.flag("nesterov", &nesterov, "look ahead").only_with("momentum>0");
    table.text("aim", &aim, "what for");
    table.integer("class", &klass, 0, 9, "which").only_with("aim=hijack|flip");
  }
};

TEST(Options, RefuseWhatWouldChangeNothing) {
  const auto error = [](const char* text) {
    return message_of([=] { read_options<DependentOptions>(Spec::parse(text), "thing 's'"); });
  };
  EXPECT_EQ(error("s:nesterov=true,momentum=0.5"), "no error");
  EXPECT_EQ(error("s:aim=hijack,class=3"), "no error");
  EXPECT_EQ(error("s:aim=flip,class=3"), "no error");
  EXPECT_EQ(error("s:nesterov=true"),
            "thing 's': option 'nesterov': is for momentum>0; with momentum=0.0 it would change nothing");
  EXPECT_EQ(error("s:class=3"),
            "thing 's': option 'class': is for aim=hijack|flip; with aim=sloth it would change nothing");
  // A report's configuration holds every option, those at their defaults too.
  EXPECT_EQ(error("s:momentum=0,nesterov=false,aim=sloth,class=0"), "no error");
  OptionTable table;
  DependentOptions options;
  options.bind(table);
  const auto matter = [&](const Json& values) { return effective(values, table.documentation()); };
  EXPECT_EQ(matter({{"momentum", 0.0}, {"nesterov", true}, {"aim", "flip"}, {"class", 3}}),
            (Json{{"momentum", 0.0}, {"aim", "flip"}, {"class", 3}}));
  EXPECT_EQ(matter({{"momentum", "0.5"}, {"nesterov", true}, {"aim", "sloth"}, {"class", 3}}),
            (Json{{"momentum", "0.5"}, {"nesterov", true}, {"aim", "sloth"}}));
}

TEST(Options, AConditionMayComeAfterOthersWereAdded) {
  int64_t value = 0;
  OptionTable table;
  OptionTable::Added first = table.integer("first", &value, 0, 9, "");
  for (int i = 0; i < 100; ++i) table.integer(std::to_string(i), &value, 0, 9, "");
  first.only_with("0=1");
  EXPECT_EQ(table.documentation()[0]["only_with"], "0=1");
}

struct StepOptions {
  std::string preset = "none";
  double relative = 0.25, step = 0;
  void bind(OptionTable& table) {
    table.presets("preset", &preset, {{"tool", "relative=0.1"}, {"fixed", "step=2"}});
    table.number("relative", &relative, 0.01, 1, "", "length of a step").only_with("step=0");
    table.number("step", &step, 0, 10, "", "instead").zero_needs("relative");
  }
};

TEST(Options, OfAPresetThatAnotherOverrulesAreItsDefaults) {
  const auto given = read_options<StepOptions>(Spec::parse("s:preset=tool,step=3"), "thing 's'");
  const Json values = option_values(given);
  EXPECT_EQ(values["relative"], 0.1);
  EXPECT_EQ(option_values(read_options<StepOptions>(Spec::of("s", values), "thing 's'")), values);
  EXPECT_EQ(
      message_of([] { read_options<StepOptions>(Spec::parse("s:preset=tool,step=3,relative=0.2"), "thing 's'"); }),
      "thing 's': option 'relative': is for step=0; with step=3.0 it would change nothing");
}

TEST(Options, AZeroThatLeavesItToAnotherNeedsThatOther) {
  const auto error = [](const char* text) {
    return message_of([=] { read_options<StepOptions>(Spec::parse(text), "thing 's'"); });
  };
  const std::string refusal =
      "thing 's': option 'step': 0 leaves it to relative; expected a positive number, or relative beside it";
  EXPECT_EQ(error("s:step=0"), refusal);
  EXPECT_EQ(error("s:preset=fixed,step=0"), refusal);
  EXPECT_EQ(error("s:preset=fixed,step=0,relative=0.5"), "no error");
  EXPECT_EQ(error(Spec::of("s", option_values(StepOptions{})).text().c_str()), "no error") << "a report's options";
}

class Files : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_ = ::testing::TempDir() + "aigis_core_test";
};

TEST_F(Files, HashIsSha256) {
  // FIPS 180-2, appendix B.1
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(Files, AFailedWriteKeepsTheOldContent) {
  const std::string path = folder_ + "/a.txt";
  write_file(path, "old");
  // A limit on file sizes stands in for a full disk: both make write() fail half-way.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit tight{1000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &tight);
  EXPECT_THROW(write_file(path, std::string(5000, 'x')), RunError);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "a temporary file is left";
}

TEST_F(Files, UnwritablePathsAreNamed) {
  EXPECT_NE(message_of([&] { check_writable(folder_); }).find("is a folder"), std::string::npos);
  EXPECT_NE(message_of([&] { check_writable("/proc/aigis/x.json"); }).find("/proc/aigis"), std::string::npos);
  write_file(folder_ + "/file", "");
  EXPECT_THROW(make_folder(folder_ + "/file"), InputError);
}

void expect_upload(at::Device device) {
  const at::Tensor numbers = at::arange(5, at::TensorOptions(at::kDouble)) / 3;
  const at::Tensor same = uploaded(numbers, device), narrow = uploaded(numbers, device, at::kFloat);
  EXPECT_EQ(same.device().type(), device.type());
  EXPECT_TRUE(at::equal(same.cpu(), numbers));
  EXPECT_TRUE(at::equal(narrow.cpu(), numbers.to(at::kFloat)));
}

TEST(Upload, KeepsValuesAndConverts) { expect_upload(at::kCPU); }

TEST(Upload, KeepsValuesAndConvertsOnAGpu) {
  if (!at::globalContext().hasCUDA()) GTEST_SKIP() << "no GPU";
  expect_upload(at::kCUDA);
}

TEST(Workers, EachPieceOnceAndOneThreadEach) {
  const int threads = at::get_num_threads();
  for (const int64_t workers : {1, 3, 50}) {
    std::vector<std::atomic<int>> calls(20);
    std::atomic<int> wide{0};
    run_in_parallel(20, workers, [&](int64_t i) {
      ++calls[static_cast<size_t>(i)];
      wide += at::get_num_threads() != 1;
    });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
    EXPECT_EQ(wide, workers > 1 || threads == 1 ? 0 : 20);
    EXPECT_EQ(at::get_num_threads(), threads);
  }
  run_in_parallel(0, 4, [](int64_t) { FAIL(); });
}

TEST(Workers, GradientsAreKeptAsTheCallerSays) {
  for (const bool keeps : {false, true}) {
    const at::AutoGradMode mode(keeps);
    std::atomic<int> as_said{0};
    run_in_parallel(20, 4, [&](int64_t) { as_said += at::GradMode::is_enabled() == keeps; });
    EXPECT_EQ(as_said, 20);
  }
}

TEST(Workers, TheFirstExceptionEndsTheRest) {
  std::atomic<int> done{0};
  EXPECT_EQ(message_of([&] {
              run_in_parallel(100'000, 4, [&](int64_t i) {
                if (i == 3) throw InputError("piece 3");
                ++done;
              });
            }),
            "piece 3");
  EXPECT_LT(done, 99'999);
}

}  // namespace
}  // namespace aigis
