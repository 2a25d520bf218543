using Microsoft.Extensions.Logging;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Queries;
using Retrieval.Server.Background;
using Retrieval.Server.Health;

namespace Retrieval.Server.Loading;

/// <summary>
/// Checks whether the device still computes. Readiness is red, with the reason, while consecutive batches fail, while a batch does
/// not end, or when a worker has stopped. Since no one queries a replica that is not ready, the monitor itself then sends both
/// kinds of query until they are answered.
/// </summary>
internal sealed partial class DeviceMonitor(ComputeQueues queues, WarmUp probe, Readiness readiness, TimeProvider time, ILogger<DeviceMonitor> logger) : LoaderService
{
    // One or two failures may come from an unlucky size; a smaller batch may succeed.
    private const int FailuresInARow = 3;
    private const double LongestCallSeconds = 30;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(30);

    private readonly LastFault _fault = new();
    private bool _red;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            var state = queues.Device.State;
            if ((state.Stopped ?? queues.Host.State.Stopped) is { } why)
            {
                LogStopped(why);
                Red("the worker died repeatedly and was stopped; the server's log has the reason. Restart the server", null);
                return;
            }

            if (Failing(state) is { } reason)
            {
                Red(reason, state.LastFault);
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

    // The log has the fault itself: the runtime's messages are not shown to readiness callers.
    private static string? Failing(QueueState state) => state switch
    {
        { FailedCalls: >= FailuresInARow } => "the device fails call after call, or has no memory left; the server's log has more",
        { RunningSeconds: > LongestCallSeconds } => "a batch does not end",
        _ => null,
    };

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

    [LoggerMessage(EventId = 1122, Level = LogLevel.Critical, Message = "Nothing can be computed any more: {Why}")]
    private partial void LogStopped(string why);

    [LoggerMessage(EventId = 1121, Level = LogLevel.Information, Message = "The device computes again")]
    private partial void LogRecovered();
}
