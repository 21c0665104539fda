// `aigis train`: trains one model.
#include <memory>

#include "cli/commands.h"
#include "cli/training_run.h"

namespace aigis {

Command train_command(CommandLine& line) {
  line.example("aigis train --model aig-20 --data cifar10:DIR --epochs 30 --out runs/aig-20");
  auto settings = std::make_shared<Settings>(line);
  auto resume = std::make_shared<bool>(false);
  settings->config();
  settings->one("model", "aig-20", "architecture with options: aig-20:target_rate=0.7", Settings::Holds::model_spec);
  settings->one("data", "synthetic", "training data, such as cifar10:DIR", Settings::Holds::data_spec);
  settings->one("init", "",
                "checkpoint of the same architecture to start from: its weights, statistics and normalization; "
                "none: fresh ones",
                Settings::Holds::path);
  settings->one("limit", "0", "use only the first N training images; 0 means all");
  settings->one("device", "cpu", "cpu or cuda");
  settings->one("time_limit", "",
                "time for the run, from loading the data on: 90s, 20m, 3h; it ends with the model of its last whole "
                "epoch, or with exit code 1 where no epoch fits; what was saved stays");
  settings->one("out", "", "folder for model.safetensors, train.json and resume.safetensors", Settings::Holds::path);
  TrainOptions defaults;
  OptionTable table;
  defaults.bind(table);
  settings->options(table);
  line.flag("--resume", *resume, "go on where the run in --out stopped");
  return [settings, resume] {
    settings->resolve();
    return TrainingRun(*settings, *resume).run();
  };
}

}  // namespace aigis
