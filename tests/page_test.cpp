// The page of a report, what can be chosen from it, and the files that are written.
#include "lib/core/error.h"
#include "reports/plot/plot.h"
#include "tests/figures.h"

namespace aigis {
namespace {

TEST(Page, IsSelfContained) {
  const std::string page = render_html({sample(), sample("--train")});
  EXPECT_EQ(matches(page, "https?:|@import|url\\(|src=|<link").size(), 0u);
  EXPECT_EQ(matches(page, "\"schema\":\"aigis-report\"").size(), 1u);
  EXPECT_EQ(matches(page, "\"schema\":\"aigis-train\"").size(), 1u);
  const std::string svg = render_svg({sample()});
  EXPECT_EQ(matches(svg, "http").size(), 1u);
  EXPECT_NE(svg.find("xmlns=\"http://www.w3.org/2000/svg\""), std::string::npos);
}

TEST(Page, AllowsItsOwnScriptAndStyleAlone) {
  EXPECT_TRUE(python_accepts(R"py(
import base64, hashlib, re, sys
page = open(sys.argv[1], encoding="utf-8", newline="").read()
policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)
assert "default-src 'none'" in policy and "unsafe" not in policy, policy
for tag in ("style", "script"):
    (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"{tag}-src 'sha256-{digest}'" in policy, (tag, policy)
assert not re.search(r'<[a-z][^>]*\s(style|on[a-z]+)=', re.sub(r"<script.*?</script>", "", page, flags=re.S))
)py",
                             render_html({sample(), sample("--train")})));
}

TEST(Page, EscapesEveryText) {
  const std::string evil = "</script><script>alert(1)</script><img src=x onerror=\"a'&\">";
  Json report = Json::parse(std::regex_replace(sample().dump(), std::regex("models/resnet-20.safetensors"), "MODEL"));
  std::string text = report.dump();
  for (const char* word : {"MODEL", "fgsm", "bird", "layer1.1", "rounding", "rounded to 8 bits", "AMD EPYC", "jpeg",
                           "cifar10", "share_of_images"}) {
    const std::string quoted = Json(std::string(word) + evil).dump();
    for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += quoted.size() - 2) {
      text.replace(at, std::string(word).size(), quoted.substr(1, quoted.size() - 2));
    }
  }
  const Json poisoned = Json::parse(text);
  const std::string page = render_html({poisoned});
  EXPECT_TRUE(python_accepts(R"py(
import html.parser, json, sys
class Reader(html.parser.HTMLParser):
    tags, texts, inside = [], [], None
    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.inside = dict(attributes).get("id") if tag == "script" else None
        assert not any(name.startswith("on") or name == "src" for name, _ in attributes), attributes
    def handle_data(self, data):
        if self.inside == "files": self.texts.append(data)
reader = Reader()
reader.feed(open(sys.argv[1], encoding="utf-8").read())
assert reader.tags.count("script") == 3 and "img" not in reader.tags
assert "<script>alert(1)" in json.loads("".join(reader.texts))[0]["models"][0]["id"]
)py",
                             page));
  for (const char* figure : {"accuracy", "gates"}) {
    const std::string svg = render_svg({poisoned}, {.figure = figure});
    EXPECT_TRUE(is_xml(svg)) << figure;
    EXPECT_EQ(svg.find("<script"), std::string::npos);
    EXPECT_EQ(svg.find("<img"), std::string::npos);
  }
}

TEST(Page, ShowsFlagsBesideTheirNumbers) {
  const std::string page = render_html({sample()});
  EXPECT_TRUE(std::regex_search(page, std::regex("<li id=\"note-1\"><strong>info</strong> <code>rounding</code>: "
                                                 "rounded to 8 bits, some images are right again \\(robust 0.18, ")));
  // The seventh column of a row is the accuracy on 8-bit images.
  const auto marks = matches(page,
                             "<tr><th.*?</th>(?:<td[^>]*>.*?</td>){5}<td class=\"number\">[^/]*</small>"
                             "<sup><a class=\"info\" href=\"#note-1\"");
  EXPECT_EQ(marks.size(), 3u);
}

TEST(Page, PutsAFlagIntoTheColumnOfWhatItSpeaksOf) {
  constexpr size_t kClean = 4, kRobust = 5, kQuantized = 6, kFlipped = 8, kMacs = 9;  // behind attack, defense and ε
  const auto marked = [](const std::string& check, const std::string& aim = "wrong-answer") {
    Json report = sample("--epsilons 8");
    for (Json& run : report["runs"]) run["flags"] = Json::array();
    Json& run = report["runs"].back();
    run["attack"]["aim"] = aim;
    run["flags"].push_back({{"check", check}, {"level", "info"}, {"message", "m"}, {"numbers", Json::object()}});
    const std::string page = render_html({report});
    const size_t mark = page.find("href=\"#note-1\""), row = page.rfind("<tr>", mark);
    EXPECT_NE(mark, std::string::npos) << check;
    return matches(page.substr(row, mark - row), "<td").size();
  };
  EXPECT_EQ(marked("clean-accuracy"), kClean);
  EXPECT_EQ(marked("clean-accuracy-unchecked"), kClean);
  EXPECT_EQ(marked("rounding"), kQuantized);
  EXPECT_EQ(marked("rounding", "more-compute"), kQuantized);
  EXPECT_EQ(marked("zero-gradient"), kRobust);
  EXPECT_EQ(marked("label-lost", "more-compute"), kRobust);
  for (const char* aim : {"wrong-answer", "unseen-wrong-answer"}) EXPECT_EQ(marked("noise-as-strong", aim), kRobust);
  for (const char* aim : {"more-compute", "less-compute", "uneven-compute"}) {
    EXPECT_EQ(marked("noise-as-strong", aim), kMacs) << aim;
  }
  EXPECT_EQ(marked("noise-as-strong", "graph"), kFlipped);
  EXPECT_EQ(marked("grows-with-budget", "less-compute"), kMacs);
}

TEST(Page, TellsHowPassesWereTimed) {
  Json report = sample("--epsilons 8");
  const auto told = [&](const std::string& text) { return render_html({report}).find(text) != std::string::npos; };
  EXPECT_TRUE(told(" Timed: 100 images a pass, 2 passes side by side on a thread each.</p>"));
  report["data"]["count"] = 100;
  EXPECT_TRUE(told(" Timed: 100 images a pass on 2 threads.</p>"));
  report["environment"]["device"] = "cuda:0";
  EXPECT_TRUE(told(" Timed: 100 images a pass on cuda:0.</p>"));
  report["config"].erase("batch");
  EXPECT_FALSE(told(" Timed: "));
  EXPECT_TRUE(told("Time of a pass"));
  for (Json& run : report["runs"]) run["latency"] = nullptr;
  EXPECT_FALSE(told("Time of a pass"));
}

std::string refusal(const std::vector<Json>& files, const PlotSelection& selection) {
  try {
    render_svg(files, selection);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(Selection, NamesWhatDoesNotExist) {
  const Json report = sample();
  EXPECT_EQ(refusal({report}, {.figure = "gate"}), "unknown figure 'gate'; did you mean 'gates'?");
  EXPECT_EQ(refusal({report}, {.class_name = "brid"}), "unknown class 'brid'; did you mean 'bird'?");
  EXPECT_EQ(refusal({report}, {.model = "aig-20 gates=argmin"}),
            "unknown model 'aig-20 gates=argmin'; did you mean 'aig-20 gates=argmax'?");
  EXPECT_NE(refusal({report}, {.epsilon = 3.0 / 255}).find("epsilon 3/255 was not run; the reports hold 0/255, 1/255"),
            std::string::npos);
  EXPECT_NE(refusal({report}, {.figure = "gates", .model = "resnet-20"}).find("no run"), std::string::npos);
  EXPECT_NE(refusal({report}, {.figure = "accuracy", .class_name = "bird"}).find("does not heed --class"),
            std::string::npos);
  EXPECT_EQ(refusal({report}, {.figure = "training"}), "figure 'training': needs a train.json");
  EXPECT_EQ(refusal({sample("--train")}, {.figure = "gates"}), "figure 'gates': needs a report");
  const Json inspection = sample("--inspect");
  EXPECT_EQ(refusal({report}, {.figure = "cost"}), "figure 'cost': needs an inspect.json");
  EXPECT_EQ(refusal({inspection}, {.figure = "classes", .model = "aig-21"}),
            "unknown model 'aig-21'; did you mean 'aig-20'?");
  EXPECT_EQ(refusal({inspection}, {.figure = "cost", .model = "aig-20"}),
            "figure 'cost': does not heed --model; it takes no choice");
  EXPECT_NE(refusal({inspection}, {.class_name = "bird"}).find("heeds --class"), std::string::npos);
}

TEST(Plot, WritesFilesAndFolders) {
  const std::string report = scratch("report.json"), record = scratch("train.json"), folder = scratch("figures");
  write_file(report, sample().dump());
  write_file(record, sample("--train").dump());
  fs::remove_all(folder);
  plot({report, record}, folder);
  std::vector<std::string> written;
  for (const auto& file : fs::directory_iterator(folder)) written.push_back(file.path().filename().string());
  std::sort(written.begin(), written.end());
  EXPECT_EQ(written,
            (std::vector<std::string>{"accuracy.svg", "gates-2-aig-20-gates-argmax.svg",
                                      "gates-3-aig-20-gates-sampled.svg", "index.html", "swap-1.svg", "swap-2.svg",
                                      "swap-3.svg", "swap-4.svg", "swap-5.svg", "swap-6.svg", "training.svg"}));
  plot({report}, folder + "/one.svg", {.class_name = "bird"});
  EXPECT_NE(read_file(folder + "/one.svg").find(": bird<"), std::string::npos);
  plot({record}, folder + "/page.html");
  EXPECT_EQ(read_file(folder + "/page.html"), render_html({Json::parse(read_file(record))}));
}

TEST(Plot, RefusesBeforeWriting) {
  const std::string report = scratch("report2.json"), out = scratch("nothing");
  write_file(report, sample().dump());
  fs::remove_all(out);
  EXPECT_THROW(plot({}, out), InputError);
  EXPECT_THROW(plot({report}, out + ".png"), InputError);
  EXPECT_THROW(plot({report}, out + ".html", {.class_name = "bird"}), InputError);
  EXPECT_THROW(plot({report}, out + ".svg", {.class_name = "brid"}), InputError);
  write_file(report, "{");
  EXPECT_THROW(plot({report}, out), InputError);
  for (const char* suffix : {"", ".png", ".html", ".svg"}) EXPECT_FALSE(fs::exists(out + suffix)) << suffix;
}

}  // namespace
}  // namespace aigis
