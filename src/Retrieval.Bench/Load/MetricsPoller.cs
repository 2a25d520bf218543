using System.Diagnostics;

namespace Retrieval.Bench.Load;

/// <summary>
/// Reads <c>/metrics</c> before, after, and periodically during a run: the length of a queue is known only while it exists.
/// </summary>
internal sealed class MetricsPoller : IDisposable
{
    private const string Active = "http_server_active_requests";
    private static readonly Uri Path = new("/metrics", UriKind.Relative);
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestSettling = TimeSpan.FromSeconds(5);
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, double> _peaks = new(StringComparer.Ordinal);
    private PrometheusScrape? _before;
    private Task _watching = Task.CompletedTask;
    private int _scrapes;
    private int _failed;

    private MetricsPoller(HttpClient http) => _http = http;

    /// <summary>Reads for the first time and continues in the background. A server without metrics is measured nevertheless.</summary>
    public static async Task<MetricsPoller> StartAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var watch = new MetricsPoller(http);
        watch._before = await watch.ReadAsync(cancellationToken).ConfigureAwait(false);
        watch._watching = watch._before is null ? Task.CompletedTask : Task.Run(() => watch.WatchAsync(watch._stop.Token), cancellationToken);
        return watch;
    }

    /// <summary>
    /// Reads for the last time, when the server has finished what it was sent, or after a bounded wait; null if it has no metrics.
    /// </summary>
    public async Task<MetricsReport?> EndAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        if (_before is null)
        {
            return null;
        }

        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var after = await ReadAsync(cancellationToken).ConfigureAwait(false);

            // The scrape itself is a request.
            var others = after?.Sum(Active) - 1;
            if (after is not null && (others is null or <= 0 || Stopwatch.GetElapsedTime(started) > LongestSettling))
            {
                return new MetricsReport(_scrapes, _failed, (long?)others, MetricsReport.Compare(_before, after, _peaks));
            }

            if (after is null && Stopwatch.GetElapsedTime(started) > LongestSettling)
            {
                return null;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task WatchAsync(CancellationToken stop)
    {
        try
        {
            using var timer = new PeriodicTimer(Every);
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                if (await ReadAsync(stop).ConfigureAwait(false) is { } scrape)
                {
                    foreach (var (series, value) in scrape.Values)
                    {
                        if (scrape.KindOf(series) is "gauge" or "untyped" && (_peaks.ContainsKey(series) || _peaks.Count < PrometheusScrape.MostSeries))
                        {
                            _peaks[series] = Math.Max(value, _peaks.GetValueOrDefault(series, double.NegativeInfinity));
                        }
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The run is over.
        }
    }

    private async Task<PrometheusScrape?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(Path, cancellationToken).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                var scrape = PrometheusScrape.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
                _scrapes++;
                return scrape;
            }
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Counted below: an overloaded server may not have the time to answer.
        }

        _failed++;
        return null;
    }
}
