namespace Retrieval.Storage.Postgres.Connecting;

/// <summary>
/// How long a writer holds out while Postgres is away or another writer is in its way. Anything else, a full disk for
/// one, ends it at once.
/// </summary>
public sealed record CatalogRetry
{
    /// <summary>How long from the first failure until it is given up. An ingestion does not count what it waits for a nearest-neighbour index that is built.</summary>
    public TimeSpan For { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The first pause; each is twice the one before, give or take a quarter.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Told of every failure that is followed by another attempt: what, which attempt it was, and the pause.</summary>
    public Action<Exception, int, TimeSpan>? Failed { get; init; }

    /// <summary>For requests with somebody waiting: seconds.</summary>
    public static CatalogRetry Short { get; } = new() { For = TimeSpan.FromSeconds(8), LongestDelay = TimeSpan.FromSeconds(1) };

    internal Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) => RunAsync(work, null, cancellationToken);

    /// <param name="work">What may fail.</param>
    /// <param name="excuse">Given a failure, what to say of it if it is not to count against <see cref="For"/>; null if it is.</param>
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
        // Writers that failed together do not come back together.
        return pause * (0.75 + Random.Shared.NextDouble() / 2);
    }
}
