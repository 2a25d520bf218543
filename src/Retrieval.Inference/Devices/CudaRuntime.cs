using System.Runtime.InteropServices;

namespace Retrieval.Inference.Devices;

/// <summary>The few functions of CUDA's runtime library that a bank needs, with errors as exceptions.</summary>
internal static partial class CudaRuntime
{
    /// <summary>The library, in the major version that ONNX Runtime's provider is built with: both share one context.</summary>
    public const string Library = "libcudart.so.13";

    /// <summary>The driver's library: what a machine with a GPU has, and a container that was given one.</summary>
    public const string Driver = "libcuda.so.1";

    private const int HostToDevice = 1;
    private const int DeviceToDevice = 3;

    /// <summary>Whether the loader finds the driver.</summary>
    public static bool HasDriver()
    {
        if (!NativeLibrary.TryLoad(Driver, out var library))
        {
            return false;
        }

        NativeLibrary.Free(library);
        return true;
    }

    public static int DeviceCount()
    {
        Check(GetDeviceCount(out var count), "cudaGetDeviceCount");
        return count;
    }

    public static (long Total, long Free) Memory(int device)
    {
        Use(device);
        Check(MemGetInfo(out var free, out var total), "cudaMemGetInfo");
        return ((long)total, (long)free);
    }

    public static nint Allocate(int device, long bytes)
    {
        Use(device);
        Check(Malloc(out var address, (nuint)Math.Max(1, bytes)), $"cudaMalloc of {bytes} bytes");
        return address;
    }

    // Waits for all work on the device, so that nothing still reads the freed memory. An error here comes from earlier work and was
    // reported there; the code that frees memory can do nothing about it.
    public static void Free(int device, nint address)
    {
        if (SetDevice(device) != 0 || Free(address) != 0)
        {
            _ = GetLastError();
        }
    }

    public static void CopyIn(int device, nint target, nint source, long bytes)
    {
        Use(device);
        Check(Memcpy(target, source, (nuint)bytes, HostToDevice), $"cudaMemcpy of {bytes} bytes to the device");
    }

    public static void CopyWithin(int device, nint target, nint source, long bytes)
    {
        Use(device);
        Check(Memcpy(target, source, (nuint)bytes, DeviceToDevice), $"cudaMemcpy of {bytes} bytes on the device");
    }

    // Copies may return before their last bytes have arrived, and the provider's own streams do not wait for this stream.
    public static void Flush(int device)
    {
        Use(device);
        Check(StreamSynchronize(0), "cudaStreamSynchronize");
    }

    // The current device is per thread, and a caller may run on any thread of the pool.
    private static void Use(int device) => Check(SetDevice(device), $"cudaSetDevice({device})");

    private static void Check(int error, string what)
    {
        if (error != 0)
        {
            var words = Marshal.PtrToStringUTF8(GetErrorString(error)) ?? "unknown error";

            // Otherwise the next call would report this error again.
            _ = GetLastError();
            throw new DeviceException($"CUDA: {what} failed: {words} (error {error})");
        }
    }

    [LibraryImport(Library, EntryPoint = "cudaGetDeviceCount")]
    private static partial int GetDeviceCount(out int count);

    [LibraryImport(Library, EntryPoint = "cudaSetDevice")]
    private static partial int SetDevice(int device);

    [LibraryImport(Library, EntryPoint = "cudaMemGetInfo")]
    private static partial int MemGetInfo(out nuint free, out nuint total);

    [LibraryImport(Library, EntryPoint = "cudaMalloc")]
    private static partial int Malloc(out nint address, nuint bytes);

    [LibraryImport(Library, EntryPoint = "cudaFree")]
    private static partial int Free(nint address);

    [LibraryImport(Library, EntryPoint = "cudaMemcpy")]
    private static partial int Memcpy(nint target, nint source, nuint bytes, int kind);

    [LibraryImport(Library, EntryPoint = "cudaStreamSynchronize")]
    private static partial int StreamSynchronize(nint stream);

    [LibraryImport(Library, EntryPoint = "cudaGetLastError")]
    private static partial int GetLastError();

    [LibraryImport(Library, EntryPoint = "cudaGetErrorString")]
    private static partial nint GetErrorString(int error);
}
