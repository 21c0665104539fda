// For arithmetic that is written once and compiled for the host and for a GPU.
#pragma once

#ifdef __CUDACC__
#define AIGIS_HOST_DEVICE __host__ __device__
#else
#define AIGIS_HOST_DEVICE
#endif
