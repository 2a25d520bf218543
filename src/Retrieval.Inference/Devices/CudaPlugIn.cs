using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace Retrieval.Inference.Devices;

/// <summary>ONNX Runtime's CUDA provider, a separate library that is loaded on demand, and the devices it offers.</summary>
internal static class CudaPlugIn
{
    /// <summary>The runtime's name for the provider.</summary>
    public const string Provider = "CUDAExecutionProvider";

    /// <summary>File name of the library in the program's folder.</summary>
    public const string FileName = "libonnxruntime_providers_cuda.so";

    private const string DeviceId = "device_id";

    private static readonly Lock Gate = new();
    private static readonly HashSet<string> Registered = new(StringComparer.Ordinal);

    /// <summary>Whether this process has loaded the library, and so may have a context on a device.</summary>
    public static bool IsLoaded
    {
        get
        {
            lock (Gate)
            {
                return Registered.Count > 0;
            }
        }
    }

    /// <summary>Full path of the library, whether it exists or not.</summary>
    public static string PathOf(InferenceOptions options) =>
        Path.GetFullPath(options.ProviderLibrary.Length > 0 ? options.ProviderLibrary : Path.Combine(AppContext.BaseDirectory, FileName));

    /// <summary>Loads the library and finds the device.</summary>
    /// <exception cref="DeviceException">The library is missing or cannot be loaded, or there is no such device.</exception>
    public static OrtEpDevice Find(InferenceOptions options)
    {
        var path = PathOf(options);
        if (!File.Exists(path))
        {
            throw new DeviceException($"the provider cuda needs ONNX Runtime's CUDA library, and there is no file {path}: build without -p:OnnxRuntime=cpu, or name the library in ProviderLibrary");
        }

        Register(path);
        var devices = OrtEnv.Instance().GetEpDevices().Where(device => device.EpName == Provider).ToList();
        for (var i = 0; i < devices.Count; i++)
        {
            if (Ordinal(devices[i], i) == options.DeviceId)
            {
                return devices[i];
            }
        }

        throw new DeviceException(devices.Count == 0
            ? $"the provider cuda found no device: {Counted()}, and ONNX Runtime, which looks in /sys/class/drm, none"
            : $"the provider cuda found no device {options.DeviceId}: there are {devices.Count}, from 0");
    }

    // For the lifetime of the process: sessions may come and go, but the runtime keeps the devices that a library offers.
    private static void Register(string path)
    {
        lock (Gate)
        {
            if (Registered.Contains(path))
            {
                return;
            }

            try
            {
                OrtEnv.Instance().RegisterExecutionProviderLibrary(path, path);
                Registered.Add(path);
            }
            catch (OnnxRuntimeException exception)
            {
                throw new DeviceException($"the provider cuda cannot be loaded from {path}: {exception.Message}. It needs CUDA 13's runtime, cuBLAS, cuBLASLt and cuRAND, and the driver's libcuda.so.1, where the loader looks (LD_LIBRARY_PATH, ldconfig)", exception);
            }
        }
    }

    private static int Ordinal(OrtEpDevice device, int position) =>
        device.EpOptions.Entries.TryGetValue(DeviceId, out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : position;

    private static string Counted()
    {
        try
        {
            return $"CUDA counts {CudaRuntime.DeviceCount()}";
        }
        catch (Exception exception) when (exception is DeviceException or DllNotFoundException)
        {
            return exception is DeviceException ? exception.Message : $"{CudaRuntime.Library} cannot be loaded";
        }
    }
}
