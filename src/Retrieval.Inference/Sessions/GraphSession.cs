using Microsoft.ML.OnnxRuntime;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;

namespace Retrieval.Inference.Sessions;

/// <summary>One graph of a bundle, ready to run, its declared inputs and outputs checked against the contract.</summary>
internal sealed class GraphSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string[] _inputs;
    private volatile bool _disposed;

    private GraphSession(string name, InferenceSession session)
    {
        Name = name;
        _session = session;
        _inputs = [.. session.InputNames];
    }

    /// <summary>The graph's file name, for errors and metrics.</summary>
    public string Name { get; }

    /// <summary>Creates the session from verified bytes.</summary>
    /// <exception cref="InvalidBundleException">The runtime refuses the graph, or it does not keep the contract.</exception>
    public static GraphSession Create(VerifiedBundle bundle, string graph, GraphContract contract, InferenceOptions options)
    {
        var bytes = bundle.Content(graph);
        ExternalData.Refuse(bytes, bundle.Path, graph);
        using var settings = Settings(options);
        InferenceSession session;
        try
        {
            session = new InferenceSession(bytes, settings);
        }
        catch (OnnxRuntimeException exception)
        {
            throw new InvalidBundleException(bundle.Path, $"{graph} cannot be loaded: {exception.Message}", exception);
        }

        var faults = contract.Check(session);
        if (faults.Count == 0)
        {
            return new GraphSession(graph, session);
        }

        session.Dispose();
        throw new InvalidBundleException(bundle.Path, $"{graph} does not keep the contract: {string.Join("; ", faults)}");
    }

    /// <summary>Runs the graph with those of <paramref name="available"/> that it declares as inputs.</summary>
    /// <returns>The outputs in the order of <paramref name="outputs"/>; the caller disposes of them.</returns>
    /// <exception cref="OperationCanceledException">Cancelled, before or while running.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(IReadOnlyDictionary<string, OrtValue> available, IReadOnlyCollection<string> outputs, CancellationToken cancellationToken)
    {
        // The runtime would follow a dangling address.
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        var values = new OrtValue[_inputs.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = available[_inputs[i]];
        }

        using var options = new RunOptions();
        using var registration = cancellationToken.Register(static state => ((RunOptions)state!).Terminate = true, options);
        try
        {
            return _session.Run(options, _inputs, values, outputs);
        }
        catch (OnnxRuntimeException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new InferenceException(Name, exception.Message, exception);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _session.Dispose();
    }

    private static SessionOptions Settings(InferenceOptions options)
    {
        var settings = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = options.Threads,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };

        // Four sessions have four thread pools: one that has finished must not spin on the cores of the next.
        settings.AddSessionConfigEntry("session.force_spinning_stop", "1");

        // The runtime guesses the format from the bytes; its own one has not been looked through for external data.
        settings.AddSessionConfigEntry("session.load_model_format", "ONNX");
        return settings;
    }
}
