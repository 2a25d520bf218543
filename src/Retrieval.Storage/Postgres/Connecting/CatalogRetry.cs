namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>
/// How long a writer retries while Postgres is unavailable or another writer conflicts with it. Any other failure, such as a full
/// disk, ends it at once.
/// </summary>
public sealed record CatalogRetry
{
    /// <summary>
    /// Time from the first failure until retrying stops. An ingestion does not count the time it waits for the build of a
    /// nearest-neighbour index.
    /// </summary>
    public TimeSpan For { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The first pause. Each later pause is twice the previous one, plus or minus a quarter.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>
    /// Called for every failure that is followed by another attempt, with the failure, the attempt's number and the pause.
    /// </summary>
    public Action<Exception, int, TimeSpan>? Failed { get; init; }

    /// <summary>For requests that a user waits for: a few seconds.</summary>
    public static CatalogRetry Short { get; } = new() { For = TimeSpan.FromSeconds(8), LongestDelay = TimeSpan.FromSeconds(1) };

    internal Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) => RunAsync(work, null, cancellationToken);

    /// <param name="work">The work that may fail.</param>
    /// <param name="excuse">Given a failure, returns the error to report if the failure does not count against <see cref="For"/>;
    /// null if it counts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, Func<Exception, CancellationToken, Task<Exception?>>? excuse, CancellationToken cancellationToken)
    {
        long? firstFailure = null;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await work(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (IsPassing(exception))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var excused = excuse is null ? null : await excuse(exception, cancellationToken).ConfigureAwait(false);
                firstFailure = excused is null ? firstFailure ?? Time.GetTimestamp() : null;
                var pause = Pause(attempt);
                if (firstFailure is not null && Time.GetElapsedTime(firstFailure.Value) + pause > For)
                {
                    throw;
                }

                Failed?.Invoke(excused ?? exception, attempt, pause);
                await Task.Delay(pause, Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool IsPassing(Exception exception) =>
        exception is CatalogUnavailableException || exception is CatalogException { InnerException: { } inner } && CatalogErrors.IsConflict(inner);

    private TimeSpan Pause(int attempt)
    {
        var doubled = FirstDelay * Math.Pow(2, Math.Min(attempt - 1, 30));
        var pause = doubled < LongestDelay ? doubled : LongestDelay;
        // Writers that failed together must not retry at the same moment.
        return pause * (0.75 + Random.Shared.NextDouble() / 2);
    }
}
