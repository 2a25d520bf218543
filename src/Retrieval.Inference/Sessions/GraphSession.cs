using Microsoft.ML.OnnxRuntime;
using Retrieval.Domain.Errors;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Devices;

namespace Retrieval.Inference.Sessions;

/// <summary>
/// One graph of a bundle, ready to run, with its declared inputs and outputs checked against the contract. A session that a device
/// fault may have left in an unknown state is not run again: the next run creates a new one.
/// </summary>
internal sealed class GraphSession : IDisposable
{
    private readonly SessionFactory _factory;
    private readonly ComputeDevice _device;
    private readonly Lock _gate = new();
    private readonly Lock _turn = new();
    private LiveSession? _live;
    private bool _recording;
    private bool _disposed;

    private GraphSession(SessionFactory factory, InferenceSession session, ComputeDevice device)
    {
        (_factory, _device) = (factory, device);
        _live = new LiveSession(session);
        _recording = factory.Unproven;
        Inputs = [.. session.InputNames];
    }

    /// <summary>The graph's file name, for errors and metrics.</summary>
    public string Name => _factory.Graph;

    /// <summary>The inputs that the graph declares.</summary>
    public IReadOnlyList<string> Inputs { get; }

    /// <summary>Creates the session from verified bytes.</summary>
    /// <exception cref="InvalidBundleException">The runtime refuses the graph, or the graph violates the contract.</exception>
    /// <exception cref="DeviceException">The device refuses the graph.</exception>
    public static GraphSession Create(VerifiedBundle bundle, string graph, GraphContract contract, ComputeDevice device, InferenceOptions options)
    {
        var factory = new SessionFactory(bundle, graph, device, options);
        var session = factory.First();
        var faults = contract.Check(session);
        if (faults.Count == 0)
        {
            return new GraphSession(factory, session, device);
        }

        session.Dispose();
        throw new InvalidBundleException(bundle.Path, $"{graph} does not keep the contract: {string.Join("; ", faults)}");
    }

    /// <summary>Runs the graph with those of <paramref name="available"/> that it declares as inputs.</summary>
    /// <returns>The outputs in the order of <paramref name="outputs"/>; the caller disposes of them.</returns>
    /// <exception cref="OperationCanceledException">Cancelled, before or while running.</exception>
    public IDisposableReadOnlyCollection<OrtValue> Run(IReadOnlyDictionary<string, OrtValue> available, IReadOnlyCollection<string> outputs, CancellationToken cancellationToken)
    {
        // Two concurrent runs of one CUDA session occasionally end in memory access errors, a defect of the runtime.
        if (!_device.IsCuda)
        {
            return RunNow(available, outputs, cancellationToken);
        }

        lock (_turn)
        {
            return RunNow(available, outputs, cancellationToken);
        }
    }

    /// <summary>The session, for one use; the caller releases it.</summary>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    /// <exception cref="InferenceException">The session failed before and cannot be recreated.</exception>
    public LiveSession Rent()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _live ??= new LiveSession(_factory.Again());
            _live.Hold();
            return _live;
        }
    }

    /// <summary>The exception to throw for a failed run. After a device fault the session is not rented out again.</summary>
    /// <exception cref="OperationCanceledException">The run was cancelled, and did not fail.</exception>
    public InferenceException Failed(LiveSession live, OnnxRuntimeException exception, CancellationToken cancellationToken)
    {
        var fault = DeviceFaults.Is(exception.Message);
        if (fault)
        {
            Retire(live);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return new InferenceException(Name, exception.Message + DeviceFaults.Remedy(exception.Message), exception, fault);
    }

    /// <summary>Verifies, once the graph has run, that it ran on the right device.</summary>
    /// <exception cref="DeviceException">It did not.</exception>
    public void ProvePlacement()
    {
        if (_recording && _live is { } live)
        {
            _recording = false;
            PlacementProof.Check(live.Session, Name, _device.Name);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        if (_recording && _live is { } live)
        {
            _recording = false;
            PlacementProof.Forget(live.Session);
        }

        Retire(_live);
    }

    private IDisposableReadOnlyCollection<OrtValue> RunNow(IReadOnlyDictionary<string, OrtValue> available, IReadOnlyCollection<string> outputs, CancellationToken cancellationToken)
    {
        var live = Rent();
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var values = Inputs.Select(name => available[name]).ToArray();
            using var options = new RunOptions();
            using var registration = cancellationToken.Register(static state => ((RunOptions)state!).Terminate = true, options);
            return live.Session.Run(options, Inputs, values, outputs);
        }
        catch (OnnxRuntimeException exception)
        {
            throw Failed(live, exception, cancellationToken);
        }
        finally
        {
            live.Release();
        }
    }

    private void Retire(LiveSession? live)
    {
        lock (_gate)
        {
            if (live is null || !ReferenceEquals(_live, live))
            {
                return;
            }

            _live = null;
        }

        live.Release();
    }
}
