using Retrieval.Storage.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Files;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// Keeps a replica's copy of a catalog's index, in the form of a local index. It copies the index and follows its changes. When
/// another index is activated, it copies that one next to the first and then switches. Not safe for concurrent calls; any number
/// of readers may read the local index meanwhile.
/// </summary>
/// <param name="catalog">The database.</param>
/// <param name="options">What to follow, and where to keep the copy.</param>
/// <param name="accepted">The schemas this replica can serve, by fingerprint of the bundle.</param>
/// <param name="time">Clock for the time between attempts to compact.</param>
public sealed class CatalogFollower(Catalog catalog, FollowerOptions options, IReadOnlyDictionary<string, IndexSchema> accepted, TimeProvider? time = null) : IAsyncDisposable
{
    private static readonly TimeSpan compactAgain = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly IndexPin _pin = new(catalog);
    private Replicas? _copies;
    private (string? Path, long Generation) _reported;
    private DateTimeOffset _compactFrom = DateTimeOffset.MinValue;

    /// <summary>Opens the copy that was served last, without Postgres; null if there is none, or its bundle is not accepted.</summary>
    /// <exception cref="CacheLockedException">Another follower works in the cache folder.</exception>
    /// <exception cref="IndexWriteException">The cache folder cannot be created or written.</exception>
    public FollowedIndex? OpenCached()
    {
        var copies = Enter();
        _reported = (copies.Current?.Path, copies.Generation);
        return copies.Current;
    }

    /// <summary>
    /// Looks at the catalog once and acts on it: brings the served copy to the catalog's current state, or makes another copy. A
    /// copy is reported only once it is complete. This may take several steps while another copy is served.
    /// </summary>
    /// <param name="progress">Called after each copied chunk.</param>
    /// <param name="cancellationToken">Ends the step. What was committed of a copy stays, and the next step resumes there.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer; the next step resumes.</exception>
    /// <exception cref="CatalogException">Postgres refused, or its contents are inconsistent.</exception>
    /// <exception cref="CacheLockedException">Another follower works in the cache folder.</exception>
    /// <exception cref="IndexWriteException">The copy cannot be written, for example because the disk is full. The next step
    /// resumes from the last commit.</exception>
    public async Task<FollowStep> StepAsync(IProgress<HydrationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var copies = Enter();
        try
        {
            return await StepAsync(copies, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            copies.CloseUnsure(all: true);
            throw new IndexWriteException(options.CacheFolder, copies.Generation, DiskFile.IsFull(e), e);
        }
        catch (Exception e)
        {
            copies.CloseUnsure(all: e is IndexWriteException);
            throw;
        }
    }

    /// <summary>Gives up the served copy, which was found damaged. The next steps make a new one next to it and then switch.</summary>
    /// <param name="path">The copy's folder.</param>
    /// <returns>Whether it was the served copy and had not been given up before.</returns>
    public bool TryGiveUp(string path) => Enter().TryGiveUp(path);

    /// <summary>Releases the cache folder.</summary>
    public ValueTask DisposeAsync()
    {
        _copies?.Dispose();
        _copies = null;
        return _pin.DisposeAsync();
    }

    private Replicas Enter() => _copies ??= new Replicas(CacheFolder.Take(options.CacheFolder), accepted);

    private async Task<FollowStep> StepAsync(Replicas copies, IProgress<HydrationProgress>? progress, CancellationToken cancellationToken)
    {
        var seen = options.IndexName is { } name
            ? await CatalogIndexes.FindAsync(catalog, name, cancellationToken).ConfigureAwait(false)
            : await CatalogIndexes.FindActiveAsync(catalog, cancellationToken).ConfigureAwait(false);
        var tally = new Tally();
        if (Refuse(seen, copies.Serving) is { } refusal)
        {
            copies.Clean();
            await FollowFormerAsync(copies, tally, cancellationToken).ConfigureAwait(false);
            return Report(copies, tally, refusal, seen?.Epoch ?? 0, more: false);
        }

        if (options.IndexName is not null)
        {
            await _pin.HoldAsync(seen!, cancellationToken).ConfigureAwait(false);
        }

        if (copies.OpenServed(seen!) is { } served)
        {
            if (await FollowAsync(copies, served, seen!, tally, cancellationToken).ConfigureAwait(false))
            {
                copies.DropNext();
                copies.Clean();
                return Report(copies, tally, null, seen!.Epoch, more: false);
            }
        }
        else
        {
            await FollowFormerAsync(copies, tally, cancellationToken).ConfigureAwait(false);
        }

        var more = !await CopyAsync(copies, seen!, tally, progress, cancellationToken).ConfigureAwait(false);
        return Report(copies, tally, null, seen!.Epoch, more);
    }

    private string? Refuse(CatalogIndex? seen, ServingRecord? serving)
    {
        var instead = serving is null ? "nothing is served" : $"index {serving.Name} of bundle {serving.Fingerprint} is served on";
        if (seen is null)
        {
            return options.IndexName is { } name ? $"the catalog has no index named {name}; {instead}" : $"no index of the catalog is active; {instead}";
        }

        if (!accepted.TryGetValue(seen.Schema.Fingerprint, out var schema))
        {
            return $"index {seen.Name} was built with bundle {seen.Schema.Fingerprint}, and this replica has {(accepted.Count == 0 ? "none" : string.Join(", ", accepted.Keys.Order(StringComparer.Ordinal)))}; {instead}";
        }

        try
        {
            schema.Match($"{catalog.Name}:{seen.Name}", seen.Schema);
            return null;
        }
        catch (IndexMismatchException e)
        {
            return $"{e.Message}; {instead}";
        }
    }

    // False if the copy cannot resume from its position.
    private async Task<bool> FollowAsync(Replicas copies, Replica served, CatalogIndex seen, Tally tally, CancellationToken cancellationToken)
    {
        try
        {
            served.Position.RequireBefore(seen);
            if (seen.Epoch > served.Position.Epoch)
            {
                var before = served.Applied;
                var catchup = new Catchup(catalog, options, served);
                await catchup.RunAsync(cancellationToken).ConfigureAwait(false);
                tally.Add(served.Applied - before, catchup.Bytes);
            }
        }
        catch (ReplicaOutdatedException e)
        {
            tally.Warning = e.Message;
            return false;
        }
        catch (ServerBehindException)
        {
            // The standby will reach the copy's position. A later look tells whether the copy came from there.
            return true;
        }

        await CompactAsync(copies, served, tally, cancellationToken).ConfigureAwait(false);
        copies.Note(served);
        return true;
    }

    // The served index is not the one to be served. It is kept up to date until the other one is here or can be copied.
    private async Task FollowFormerAsync(Replicas copies, Tally tally, CancellationToken cancellationToken)
    {
        if (copies.Serving is not { } serving)
        {
            return;
        }

        try
        {
            var all = await CatalogIndexes.ListAsync(catalog, cancellationToken).ConfigureAwait(false);
            if (all.FirstOrDefault(index => index.CatalogId == serving.Catalog && index.IndexId == serving.Index) is { } former && copies.OpenServed(former) is { } served)
            {
                await FollowAsync(copies, served, former, tally, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (CatalogException e) when (e.Fault == CatalogFault.Index)
        {
            copies.CloseUnsure(all: false);
            tally.Warning = e.Message;
        }
    }

    private async Task<bool> CopyAsync(Replicas copies, CatalogIndex seen, Tally tally, IProgress<HydrationProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            var next = copies.OpenNext(seen);
            var before = next.Applied;
            if (!next.Position.Complete)
            {
                using var hydration = new Hydration(catalog, options, next, seen, _time);
                var done = await hydration.CopyAsync(copies.Serving is null ? long.MaxValue : options.SliceBytes, progress, cancellationToken).ConfigureAwait(false);
                tally.Add(next.Applied - before, hydration.Bytes);
                if (!done)
                {
                    return false;
                }
            }

            before = next.Applied;
            var catchup = new Catchup(catalog, options, next);
            await catchup.RunAsync(cancellationToken).ConfigureAwait(false);
            tally.Add(next.Applied - before, catchup.Bytes);
            copies.Switch();
            return true;
        }
        catch (ReplicaOutdatedException e)
        {
            // The copy became outdated while it was being made.
            copies.DropNext();
            tally.Warning = e.Message;
            return false;
        }
        catch (ServerBehindException e)
        {
            throw new CatalogUnavailableException($"copying index {seen.Name}", e);
        }
    }

    private async Task CompactAsync(Replicas copies, Replica served, Tally tally, CancellationToken cancellationToken)
    {
        if (!served.WantsCompaction(options.CompactAt, options.CompactFrom) || _time.GetUtcNow() < _compactFrom)
        {
            return;
        }

        try
        {
            await served.CompactAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IndexWriteException e)
        {
            // Compaction needs the space of the live images a second time. The copy is unchanged.
            _compactFrom = _time.GetUtcNow() + compactAgain;
            tally.Warning = $"the copy was not compacted: {e.Message}";
            copies.CloseUnsure(all: true);
        }
    }

    private FollowStep Report(Replicas copies, Tally tally, string? refusal, long epoch, bool more)
    {
        var now = (copies.Current?.Path, copies.Current is null ? 0 : copies.Generation);
        var changed = copies.Current is not null && now != _reported;
        _reported = now;
        return new FollowStep(copies.Current, changed, refusal, epoch, more, tally.Applied, tally.Bytes, tally.Warning);
    }

    private sealed class Tally
    {
        public long Applied { get; private set; }

        public long Bytes { get; private set; }

        public string? Warning { get; set; }

        public void Add(long applied, long bytes)
        {
            Applied += applied;
            Bytes += bytes;
        }
    }
}
