using Microsoft.ML.OnnxRuntime;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Devices;

namespace Retrieval.Inference.Sessions;

/// <summary>
/// Creates sessions of one graph on one device. It keeps the verified bytes: when a session has to be recreated after a fault,
/// neither the disk nor a file replaced in the meantime matters.
/// </summary>
internal sealed class SessionFactory(VerifiedBundle bundle, string graph, ComputeDevice device, InferenceOptions options)
{
    private readonly byte[] _bytes = bundle.Content(graph);
    private readonly string _path = bundle.Path;
    private bool _strict = device.IsCuda;

    public string Graph => graph;

    /// <summary>Whether the first session's placement still has to be verified by a run.</summary>
    public bool Unproven { get; private set; }

    /// <summary>Creates the first session.</summary>
    /// <exception cref="InvalidBundleException">The runtime refuses the graph.</exception>
    /// <exception cref="DeviceException">The device refuses the graph.</exception>
    public InferenceSession First()
    {
        ExternalData.Refuse(_bytes, _path, graph);
        try
        {
            return Strictly();
        }
        catch (OnnxRuntimeException exception)
        {
            throw device.IsCuda
                ? new DeviceException($"{graph} cannot be loaded on {device.Name}: {exception.Message}{DeviceFaults.Remedy(exception.Message)}", exception)
                : new InvalidBundleException(_path, $"{graph} cannot be loaded: {exception.Message}", exception);
        }
    }

    /// <summary>Creates a session to replace one that failed.</summary>
    /// <exception cref="InferenceException">The device has not recovered.</exception>
    public InferenceSession Again()
    {
        try
        {
            using var settings = Settings();
            return new InferenceSession(_bytes, settings);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InferenceException(graph, $"cannot be made ready again after a fault: {exception.Message}", exception, deviceFault: true);
        }
    }

    // The runtime can be told to refuse any node on the CPU. That includes shape arithmetic, which the runtime itself places there.
    // So if it refuses, every node on the CPU has to be shown to be shape arithmetic.
    private InferenceSession Strictly()
    {
        try
        {
            using var settings = Settings();
            return new InferenceSession(_bytes, settings);
        }
        catch (OnnxRuntimeException exception) when (_strict && PlacementProof.IsCalledFor(exception))
        {
            _strict = false;
            Unproven = true;
            using var settings = Settings();
            PlacementProof.Record(settings);
            return new InferenceSession(_bytes, settings);
        }
    }

    private SessionOptions Settings()
    {
        var settings = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = UsableProcessors.Threads(options.Threads),
            LogSeverityLevel = _strict ? OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL : OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };

        // All cores; a thread that waits for the others yields its core after 20 µs. That is long enough for the gaps between two
        // nodes, and leaves time for the web server, which shares these cores. Spinning for the runtime's default time cost a quarter
        // to three quarters of the rate where cores were shared; docs/devices.md.
        settings.AddSessionConfigEntry("session.intra_op.spin_duration_us", "20");

        // Each session has a thread pool of its own: one that has finished must not spin on the cores of the next one.
        settings.AddSessionConfigEntry("session.force_spinning_stop", "1");

        // The runtime guesses the format from the bytes; its own format has not been checked for external data.
        settings.AddSessionConfigEntry("session.load_model_format", "ONNX");
        if (_strict)
        {
            settings.AddSessionConfigEntry("session.disable_cpu_ep_fallback", "1");
        }

        device.Configure(settings);
        return settings;
    }
}
