using Microsoft.Extensions.Logging;
using Retrieval.Search.Queries;
using Retrieval.Server.Health;

namespace Retrieval.Server.Loading;

/// <summary>
/// Looks whether the device still computes. While calls fail one after the other, or its worker has stopped, readiness is
/// red with the reason; since then nobody asks, this asks by itself until an answer comes.
/// </summary>
internal sealed partial class DeviceWatch(ComputeQueues queues, WarmUp probe, Readiness readiness, PublicReason reasons, TimeProvider time, ILogger<DeviceWatch> logger) : LoaderService
{
    // One or two may be a request's own fault, though it was checked.
    private const int FailuresInARow = 3;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    private readonly LastFault _fault = new();
    private bool _red;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
        {
            var state = queues.Device.State;
            if (state.Stopped is { } stopped)
            {
                Red(stopped, state.LastFault);
                return;
            }

            if (state.FailedCalls >= FailuresInARow && state.LastFault is { } fault)
            {
                Red($"the last {state.FailedCalls} calls of the device failed, the last one of: {reasons.Of(fault)}", fault);
                await ProbeAsync(stoppingToken).ConfigureAwait(false);
            }
            else if (_red)
            {
                _red = false;
                _fault.Clear();
                readiness.Device(null);
                LogRecovered();
            }
        }
    }

    private void Red(string reason, Exception? fault)
    {
        _red = true;
        readiness.Device(reason);
        if (_fault.IsNews(fault?.Message ?? reason))
        {
            LogFailing(fault, reason);
        }
    }

    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await probe.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Counted by the device already; the next look sees it.
        }
    }

    [LoggerMessage(EventId = 1120, Level = LogLevel.Error, Message = "Not ready: {Reason}")]
    private partial void LogFailing(Exception? exception, string reason);

    [LoggerMessage(EventId = 1121, Level = LogLevel.Information, Message = "The device computes again")]
    private partial void LogRecovered();
}
