// JPEG compression as a defense: the image goes through an encoder and a decoder before the model sees it.
//
// Dziugaite, Ghahramani & Roy, "A study of the effect of JPG compression on adversarial images" (2016);
// Guo, Rana, Cissé & van der Maaten, "Countering adversarial images using input transformations" (ICLR 2018).
//
// The codec is libjpeg-turbo, with the settings of `cjpeg -baseline -dct int` and `djpeg -dct int`: the accurate
// integer DCT on both sides, quantization tables held to 8 bits (as Pillow does) and smooth ("fancy") upsampling
// of chroma. Its result is the same bytes.
#pragma once

#include "lib/eval/defense.h"

namespace aigis {

/// Resolution of the two chroma planes.
enum class Subsampling {
  both,        ///< 4:2:0: half the columns, half the rows
  horizontal,  ///< 4:2:2: half the columns
  none,        ///< 4:4:4: as luma
};

struct JpegOptions {
  int64_t quality = 75;  ///< libjpeg's scale, 1 to 100; Guo et al. use 75
  Subsampling subsampling = Subsampling::both;

  void bind(OptionTable& table) {
    table.integer("quality", &quality, 1, 100, "libjpeg's scale: 1 compresses most, 100 least");
    table.choice<Subsampling>(
        "subsampling", &subsampling,
        {{"4:2:0", Subsampling::both}, {"4:2:2", Subsampling::horizontal}, {"4:4:4", Subsampling::none}},
        "resolution of the chroma planes: halved both ways, halved along the width, full");
  }
};

/// Images are [N, 3, H, W] in [0, 1], on any device, of any floating type and memory format, and are rounded to
/// the nearest of 256 levels first. The gradient passes as if nothing had happened (BPDA), as rounding has none.
/// Throws InputError if the images have no three channels or no floating type, and RunError if a pixel is NaN or
/// a side exceeds JPEG's 65500 pixels.
class Jpeg : public Defense {
 public:
  using Options = JpegOptions;
  static constexpr const char* kName = "jpeg";
  static constexpr const char* kSummary = "compresses and decompresses each image with libjpeg-turbo";
  static constexpr const char* kSource = "Guo et al. 2017, arXiv:1711.00117; Dziugaite et al. 2016, arXiv:1608.00853";

  explicit Jpeg(const Options& options) : options_(options) {}
  std::string name() const override { return kName; }
  Json options() const override { return option_values(options_); }
  std::string gradient_mode() const override { return "identity"; }
  at::Tensor apply(const at::Tensor& images, const Pass& pass) const override;

 private:
  Options options_;
};

}  // namespace aigis
