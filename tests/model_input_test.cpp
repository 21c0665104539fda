// Architectures, options and files that do not fit: each refused with a message that says what would be right.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "lib/core/error.h"
#include "models/checkpoint.h"
#include "tests/networks.h"
#include "tests/scratch.h"

namespace aigis {
namespace {

/// The message of the InputError that `act` throws; empty if it throws none.
template <class F>
std::string refusal(const F& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

void expect_within(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << "'" << message << "' does not say: " << part;
}

TEST(Architectures, WrongNamesAndOptionsAreRefused) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {"resnet-21", "6n+2"},
      {"resnet-51", "18, 34, 50, 101 or 152"},
      {"preresnet-21", "6n+2"},
      {"preresnet-18", "6n+2"},
      {"stochastic-depth-9", "6n+2"},
      {"dense-aig-21", "3m+4"},
      {"aig-7", "6n+2"},
      {"resnet", "resnet-20"},
      {"rensnet-20", "did you mean 'resnet-20'"},
      {"aig-x", "depth"},
      {"dens-aig-22", "did you mean 'dense-aig-22'"},
      {"aig-8:gate_norm", "expected key=value, got 'gate_norm'"},
      {"aig-8:0.5,gate_norm=true", "expected key=value, got '0.5'"},
      {"aig-8:a/b=0.5", "expected key=value, got 'a/b=0.5'"},
      {"aig-8:target_rate=1,gates=budget,layers=1", "every layer always runs"},
      {"aig-20:target_rate=1.2", "0 to 1"},
      {"aig-20:target_rates=1:0.5", "expected 9"},
      {"aig-8:target_rates=1:0.5:1.2", "0 to 1"},
      {"aig-20:gates=open", "argmax"},
      {"aig-20:draws=0", "1 to"},
      {"aig-8:gates=fixed,graph=11", "expected 3 digits"},
      {"aig-8:gates=fixed,graph=112", "expected 3 digits"},
      {"aig-8:gates=budget,layers=4", "gates=budget: layers=4: expected 1 to 3"},
      {"aig-8:gates=budget,layers=0", "gates=budget: layers=0: expected 1 to 3"},
      {"aig-8:gates=budget", "gates=budget: layers=0: expected 1 to 3"},
      {"aig-8:gates=argmax,layers=2", "is for gates=budget"},
      {"aig-8:graph=101", "is for gates=fixed"},
      {"stochastic-depth-8:survival=1.5", "0 to 1"},
      {"resnet-20:gates=argmax", "gates"},
      {"resnet-20:stride_at=conv3", "conv2"},
  };
  for (const auto& [spec, reason] : bad) expect_within(refusal([&] { build(spec); }), reason);
}

TEST(Architectures, ImagesOfAnotherSizeAreRefused) {
  for (const char* spec : {"resnet-20", "preresnet-20", "stochastic-depth-20", "aig-20", "dense-aig-22"}) {
    expect_within(refusal([&] { build(spec, 0, 224); }), "3x32x32");
  }
  expect_within(refusal([&] { build("resnet-18", 0, 16); }), "3x224x224");
}

TEST(Architectures, ExecutionRatesMustBeKnownWhereTheyAreNeeded) {
  for (const char* mode : {"scaled", "marginal", "budget"}) {
    const auto net = build(fmt::format("aig-8:gates={}{}", mode, mode == std::string("budget") ? ",layers=2" : ""));
    expect_within(refusal([&] { net->freeze(); }), "execution rates");
    expect_within(refusal([&] { net->set_execution_rates({0.5, 0.5}); }), "2 execution rates; expected 3");
  }
}

TEST(Architectures, AllLayersAlwaysRunningLeavesNoGates) {
  const auto net = build("aig-8:target_rate=1");
  EXPECT_EQ(net->gate_modes(), std::vector<std::string>{"none"});
  net->set_gate_mode("none");
  EXPECT_EQ(net->card().gate_mode, "none");
  // Whatever the mode is called, nothing is drawn, and no rates are missed.
  for (const char* mode : {"sampled", "argmax", "always", "scaled", "marginal"}) {
    const auto same = build(fmt::format("aig-8:target_rate=1,gates={}", mode));
    same->freeze();
    EXPECT_EQ(same->forward(at::zeros({2, 3, 32, 32}), {}).logits.size(0), 2) << mode;
  }
  EXPECT_EQ(build("aig-8")->gate_modes().front(), "sampled");
}

TEST(StateDicts, WhatLacksATensorIsRefused) {
  const std::string path = scratch("bare.safetensors");
  Safetensors content = pack_checkpoint(*build("resnet-18", 3, 64), Spec::parse("resnet-18"), {}, nullptr);
  content.metadata.clear();
  const auto loading = [&](const std::string& options) {
    write_safetensors(path, content);
    return refusal([&] { load_network(Spec::parse(path + options)); });
  };
  EXPECT_EQ(loading(":architecture=resnet-18"), "");
  EXPECT_EQ(loading(":architecture=resnet-18,shortcut=conv"), "");
  expect_within(loading(":architecture=resnet-18,shortcut=identity"), "does not belong to resnet-18");
  expect_within(loading(":architecture=resnet-18,gates=argmax"), "unknown option 'gates'");
  expect_within(loading(""), "architecture=resnet-50");
  expect_within(loading(":architecture=resnet-50"), "has shape");
  expect_within(loading(":architecture=resnet-19"), "18, 34, 50, 101 or 152");
  const at::Tensor bias = content.tensors.at("fc.bias");
  content.tensors.insert_or_assign("fc.bias", bias.to(at::kLong));
  expect_within(loading(":architecture=resnet-18"), "'fc.bias' holds whole numbers; expected floating point");
  content.tensors.insert_or_assign("fc.bias", bias);
  content.tensors.erase("layer1.0.bn1.weight");
  expect_within(loading(":architecture=resnet-18"), "'layer1.0.bn1.weight' is missing");
  content.tensors.erase("fc.weight");
  expect_within(loading(":architecture=resnet-18"), "'fc.weight' is missing");
}

}  // namespace
}  // namespace aigis
