#include "lib/core/json.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "lib/core/error.h"

template class nlohmann::basic_json<nlohmann::ordered_map>;
template class nlohmann::detail::serializer<nlohmann::ordered_json>;

namespace aigis {
namespace {

constexpr size_t kDeepest = 64;

/// Sees each event of the parser, which itself would keep the last of two equal keys, and nest without end.
class Strictness {
 public:
  explicit Strictness(const std::string& name) : name_(name) {}

  void see(Json::parse_event_t event, const Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      if (keys_.size() == kDeepest) {
        throw InputError(fmt::format("{}: not usable JSON: it is nested more than {} levels deep", name_, kDeepest));
      }
      keys_.emplace_back();
    } else if (event == Event::object_end || event == Event::array_end) {
      keys_.pop_back();
    } else if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) throw InputError(fmt::format("{}: key '{}' is given twice", name_, key));
    }
  }

 private:
  const std::string& name_;
  std::vector<std::set<std::string>> keys_;  ///< of each object that is open, and nothing of each array
};

}  // namespace

Json parse_json(std::string_view text, const std::string& name, bool with_comments) {
  Strictness strictness(name);
  const auto look = [&](int, Json::parse_event_t event, const Json& parsed) {
    strictness.see(event, parsed);
    return true;
  };
  try {
    return Json::parse(text, look, true, with_comments);
  } catch (const Json::parse_error& error) {
    const std::string where = error.byte > text.size() ? "it ends too early" : fmt::format("at byte {}", error.byte);
    throw InputError(fmt::format("{}: not JSON: {}", name, where));
  } catch (const Json::exception&) {
    throw InputError(fmt::format("{}: not usable JSON: a number is out of range", name));
  }
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace aigis
