// Options of one thing that is named by a spec: read, printed, and refused where they would change nothing.
#include "lib/core/options.h"

#include <gtest/gtest.h>

#include "tests/messages.h"

namespace aigis {
namespace {

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

}  // namespace
}  // namespace aigis
