using Microsoft.Extensions.Logging;
using Retrieval.Search.Queries;
using Retrieval.Search.Recall;
using Retrieval.Server.Background;

namespace Retrieval.Server.Loading;

/// <summary>
/// Measures the shortlists of sampled queries while the device is idle, one query after the other, within the configured share
/// of its time.
/// </summary>
internal sealed partial class RecallGauge(QuerySampler sampler, RecallProbe probe, RecallMetrics metrics, SearchOptions options, TimeProvider time, ILogger<RecallGauge> logger) : LoaderService
{
    // Also the pause after a query that was not measured.
    private static readonly TimeSpan shortestPause = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan longestPause = TimeSpan.FromDays(1);

    private readonly LastFault _trouble = new();

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (options.RecallBudget == 0)
        {
            return;
        }

        while (true)
        {
            var pause = shortestPause;
            var query = await sampler.NextAsync(stoppingToken).ConfigureAwait(false);
            try
            {
                if (await probe.MeasureAsync(query, stoppingToken).ConfigureAwait(false) is { } measured)
                {
                    metrics.Measured(query.Snapshot.Model.Fingerprint, measured);
                    var rest = measured.Computing.TotalSeconds * ((1 / options.RecallBudget) - 1);
                    pause = TimeSpan.FromSeconds(Math.Clamp(rest, shortestPause.TotalSeconds, longestPause.TotalSeconds));
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Usually damaged data, or a device that fails: others report that too. No fault of a measurement may end the gauge.
                if (_trouble.IsNews(exception))
                {
                    LogNotMeasured(exception);
                }
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(EventId = 1170, Level = LogLevel.Warning, Message = "A sampled query could not be measured")]
    private partial void LogNotMeasured(Exception exception);
}
