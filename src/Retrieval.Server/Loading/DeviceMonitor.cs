using Microsoft.Extensions.Logging;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Queries;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;

namespace Retrieval.Server.Loading;

/// <summary>
/// Checks whether the device still computes. Readiness is red, with the reason, while consecutive batches fail, while a batch does
/// not end, or when a worker has stopped. Since no one queries a replica that is not ready, the monitor itself then sends both
/// kinds of query until they are answered. What this process cannot recover from is reported as lost.
/// </summary>
internal sealed partial class DeviceMonitor(
    ComputeQueues queues, WarmUp probe, DeviceContext context, Readiness readiness, LimitsOptions limits, TimeProvider time, ILogger<DeviceMonitor> logger) : LoaderService
{
    // One or two failures may come from an unlucky size; a smaller batch may succeed.
    private const int FailuresInARow = 3;
    private const double LongestCallSeconds = 30;
    private const string DoesNotEnd = "a batch does not end";

    // One may be the last report of an error that was not the context's.
    private const int FaultsOfLostContext = 3;

    // A process that was stopped and goes on (a debugger, a frozen container, a machine that moved) finds a batch that seems to have
    // run all the time. It ends before it is looked at again, and makes neither readiness nor liveness red.
    private const int LooksOfLongBatch = 3;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(30);

    private readonly LastFault _fault = new();
    private Task<string?>? _asking;
    private int _contextFaults;
    private int _longLooks;
    private int _hungLooks;
    private bool _red;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            var (state, host) = (queues.Device.State, queues.Host.State);
            if (await LostAsync(state, host).ConfigureAwait(false) is { } lost)
            {
                LogLost(lost.Why);
                readiness.Lost(lost.Reason);
                return;
            }

            if (Failing(state) is { } reason)
            {
                Red(reason, state.LastFault);
            }

            if (_red || !readiness.IsLoaded)
            {
                // The answer may have to wait for a batch that hangs, so nobody waits for it.
                _asking ??= Task.Run(context.Fault, stoppingToken);
            }

            if (_red && await AnswersAsync(stoppingToken).ConfigureAwait(false))
            {
                _red = false;
                _fault.Clear();
                readiness.Device(null);
                LogRecovered();
            }
        }
    }

    // What callers are told, and what the log has in addition.
    private async Task<(string Reason, string Why)?> LostAsync(QueueState device, QueueState host)
    {
        if ((device.Stopped ?? host.Stopped) is { } why)
        {
            return ("the worker died repeatedly and was stopped; the server's log has the reason", why);
        }

        var running = Math.Max(device.RunningSeconds, host.RunningSeconds);
        _hungLooks = running > limits.HungSeconds ? _hungLooks + 1 : 0;
        if (_hungLooks >= LooksOfLongBatch)
        {
            return (DoesNotEnd, $"a batch has been running for {running:0} s, and Limits:HungSeconds is {limits.HungSeconds:0.#}");
        }

        return await ContextFaultAsync().ConfigureAwait(false) is { } fault ? ("the context of the device is lost; the server's log has the error", fault) : null;
    }

    // What the context said when it was last asked.
    private async Task<string?> ContextFaultAsync()
    {
        if (_asking is { IsCompleted: true } asked)
        {
            _asking = null;
            var fault = await asked.ConfigureAwait(false);
            _contextFaults = fault is null ? 0 : _contextFaults + 1;
            if (_contextFaults >= FaultsOfLostContext)
            {
                return fault;
            }
        }

        return null;
    }

    // The log has the fault itself: the runtime's messages are not shown to readiness callers.
    private string? Failing(QueueState state)
    {
        _longLooks = state.RunningSeconds > LongestCallSeconds ? _longLooks + 1 : 0;
        return state.FailedCalls >= FailuresInARow ? "the device fails call after call, or has no memory left; the server's log has more"
            : _longLooks >= LooksOfLongBatch ? DoesNotEnd
            : null;
    }

    private void Red(string reason, Exception? fault)
    {
        _red = true;
        if (_fault.IsNews(fault?.Message ?? reason))
        {
            LogFailing(fault, reason);
        }

        readiness.Device(reason);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(LongestProbe);
        try
        {
            // A batch that hangs ignores cancellation, so it is not waited for.
            await probe.RunAsync(bounded.Token).WaitAsync(LongestProbe, time, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(EventId = 1120, Level = LogLevel.Error, Message = "Not ready: {Reason}")]
    private partial void LogFailing(Exception? exception, string reason);

    [LoggerMessage(EventId = 1122, Level = LogLevel.Critical, Message = "This process cannot compute any more and has to be started again: {Why}")]
    private partial void LogLost(string why);

    [LoggerMessage(EventId = 1121, Level = LogLevel.Information, Message = "The device computes again")]
    private partial void LogRecovered();
}
