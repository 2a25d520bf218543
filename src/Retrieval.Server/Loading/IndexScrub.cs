using System.Globalization;
using Microsoft.Extensions.Logging;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;
using Retrieval.Server.Health;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Verification;

namespace Retrieval.Server.Loading;

/// <summary>
/// Reads the sealed ranges of the served index and compares them with their checksums, over and over, at the configured rate.
/// A new generation of the same slots continues where the previous one was: new ranges are read before those already checked. A
/// damaged range makes readiness red until it is found intact again, or another index is served; in catalog mode a new copy is
/// requested.
/// </summary>
internal sealed partial class IndexScrub(
    SnapshotSource snapshots, IndexHealth health, ReplicaRepair repair, ScrubMetrics metrics, ServerSnapshotOptions options, TimeProvider time, ILogger<IndexScrub> logger) : LoaderService
{
    // A small index is read in no time and need not be read continuously. While something is damaged, someone waits to see it intact.
    private static readonly TimeSpan shortestPass = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan shortestPassDamaged = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan look = TimeSpan.FromSeconds(0.2);

    private readonly LastFault _trouble = new();
    private readonly HashSet<int> _checked = [];
    private readonly SortedDictionary<int, IndexFault> _faults = [];
    private SealedRanges? _ranges;
    private Queue<int> _next = [];
    private string? _unlisted;
    private string? _folder;
    private long _passBegan;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        if (options.ScrubBytesPerSecond == 0)
        {
            return;
        }

        while (true)
        {
            try
            {
                if (await StepAsync(stoppingToken).ConfigureAwait(false))
                {
                    continue;
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Usually nothing is served yet. No fault of the check may end the check.
                if (exception is not (NotReadyException or FurtherIndexException or OperationCanceledException) && _trouble.IsNews(exception))
                {
                    LogProblem(exception);
                }
            }

            await Task.Delay(look, time, stoppingToken).ConfigureAwait(false);
        }
    }

    // Checks one range, or nothing if there is none to check yet. Holds a lease no longer than one range takes.
    private async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        using var snapshot = snapshots.Acquire();
        if (_ranges?.Checksum != snapshot.Index.Checksum || _folder != snapshot.Index.Path)
        {
            await BeginAsync(snapshot, cancellationToken).ConfigureAwait(false);
        }

        if (_ranges is null || !_next.TryPeek(out var range))
        {
            return EndPass();
        }

        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var fault = await _ranges.CheckAsync(snapshot.Index, range, async bytes =>
        {
            metrics.Read(bytes);
            await PaceAsync(bytes, cancellationToken).ConfigureAwait(false);
            if (!snapshots.StillServes(snapshot))
            {
                await gone.CancelAsync().ConfigureAwait(false);
            }
        }, gone.Token).ConfigureAwait(false);
        _next.Dequeue();
        _checked.Add(range);
        Note(snapshot, range, fault);
        return true;
    }

    private async Task BeginAsync(SearchSnapshot snapshot, CancellationToken cancellationToken)
    {
        SealedRanges? ranges = null;
        try
        {
            ranges = SealedRanges.Of(snapshot.Index);
            _unlisted = null;
        }
        catch (IndexCorruptException damage)
        {
            if (_unlisted is null)
            {
                metrics.Found();
                LogUnlisted(damage);
            }

            _unlisted = $"{damage.File}: {damage.Reason}";
        }

        // A new copy has the same checksums, but not the damage of the previous one.
        if (ranges is null || _ranges is null || _folder != snapshot.Index.Path || !ranges.Continues(_ranges))
        {
            _checked.Clear();
            _faults.Clear();
            _passBegan = time.GetTimestamp();
        }

        (_ranges, _folder) = (ranges, snapshot.Index.Path);
        _next = new Queue<int>(ranges?.InOrder.Where(range => !_checked.Contains(range)) ?? []);
        Tell(snapshot);
        await PaceAsync((int)Math.Min(int.MaxValue, ranges?.ListBytes ?? 0), cancellationToken).ConfigureAwait(false);
    }

    private bool EndPass()
    {
        if (_ranges is not null && _checked.Count > 0)
        {
            metrics.PassEnded(time.GetUtcNow());
            _checked.Clear();
        }

        if (time.GetElapsedTime(_passBegan) < (_faults.Count == 0 && _unlisted is null ? shortestPass : shortestPassDamaged))
        {
            return false;
        }

        _passBegan = time.GetTimestamp();
        if (_ranges is null)
        {
            // The list could not be read. The next step reads it again, since nothing is known of this generation.
            return false;
        }

        _next = new Queue<int>([.. _faults.Keys, .. _ranges.InOrder.Where(range => !_faults.ContainsKey(range))]);
        return _next.Count > 0;
    }

    private void Note(SearchSnapshot snapshot, int range, IndexFault? fault)
    {
        if (fault is null)
        {
            if (_faults.Remove(range, out var former))
            {
                LogWhole(former.File, former.FromByte, former.ToByte);
            }
        }
        else
        {
            if (_faults.TryAdd(range, fault))
            {
                metrics.Found();
                LogDamaged(fault.File, fault.FromByte, fault.ToByte, fault.Reason);
            }
        }

        Tell(snapshot);
    }

    private void Tell(SearchSnapshot snapshot)
    {
        snapshot.IsDamaged = _unlisted is not null || _faults.Count > 0;
        health.Changed(_unlisted ?? (_faults.Count == 0 ? null : Describe(_faults.Values.First(), _faults.Count - 1)));
        if (snapshot is { IsDamaged: true, Served: not null })
        {
            repair.Ask(snapshot.Index.Path);
        }
    }

    private static string Describe(IndexFault fault, int more) => string.Create(
        CultureInfo.InvariantCulture,
        $"{fault.File}, bytes {fault.FromByte} to {fault.ToByte}: not what was committed{(more == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", and {more} more ranges"))}");

    private Task PaceAsync(int bytes, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromSeconds((double)bytes / options.ScrubBytesPerSecond), time, cancellationToken);

    [LoggerMessage(EventId = 1135, Level = LogLevel.Error, Message = "Not ready: {File}, bytes {FromByte} to {ToByte}, is not what was committed: {Reason}")]
    private partial void LogDamaged(string file, long fromByte, long toByte, string reason);

    [LoggerMessage(EventId = 1136, Level = LogLevel.Information, Message = "{File}, bytes {FromByte} to {ToByte}, is what was committed again")]
    private partial void LogWhole(string file, long fromByte, long toByte);

    [LoggerMessage(EventId = 1137, Level = LogLevel.Error, Message = "Not ready: the list of checksums of the index is damaged")]
    private partial void LogUnlisted(Exception exception);

    [LoggerMessage(EventId = 1138, Level = LogLevel.Warning, Message = "The check of the served index failed; it will be repeated")]
    private partial void LogProblem(Exception exception);
}
