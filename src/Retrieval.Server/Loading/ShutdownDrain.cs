using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;

namespace Retrieval.Server.Loading;

/// <summary>
/// On SIGTERM: readiness goes red, the server still answers for the configured delay, then the listening socket closes and
/// requests in progress finish.
/// </summary>
internal sealed partial class ShutdownDrain(Readiness readiness, LimitsOptions limits, TimeProvider time, ILogger<ShutdownDrain> logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        readiness.Draining();

        // A process that is lost has been red for a while, and is given little time.
        var delay = readiness.LostAsync.IsCompleted ? 0 : limits.DrainDelaySeconds;
        LogDraining(delay, limits.DrainSeconds);
        await Task.Delay(TimeSpan.FromSeconds(delay), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "Shutting down: the socket closes in {DelaySeconds} s, requests in progress then have {DrainSeconds} s")]
    private partial void LogDraining(double delaySeconds, double drainSeconds);
}
