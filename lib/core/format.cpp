// {fmt}, compiled once. LibTorch brings the library's headers and not its objects; read as a header-only library, each
// file that formats a number would compile all of it again.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

template auto dragonbox::to_decimal(float x) noexcept -> dragonbox::decimal_fp<float>;
template auto dragonbox::to_decimal(double x) noexcept -> dragonbox::decimal_fp<double>;
template auto thousands_sep_impl(locale_ref loc) -> thousands_sep_result<char>;
template auto thousands_sep_impl(locale_ref loc) -> thousands_sep_result<wchar_t>;
template auto decimal_point_impl(locale_ref loc) -> char;
template auto decimal_point_impl(locale_ref loc) -> wchar_t;

}  // namespace detail
FMT_END_NAMESPACE
