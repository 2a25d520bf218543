using System.Security.Cryptography;
using System.Text;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// A local index as the target of a run. It commits every N rows, because each commit waits for the disk. Rejected rows go
/// into a file in the index's folder.
/// </summary>
public sealed class LocalIngestionTarget : IIngestionTarget
{
    private readonly LocalIndexWriter _writer;
    private readonly int _commitRows;

    // The writer does not allow concurrent calls, and one stage queries it while another one appends and commits.
    private readonly SemaphoreSlim _writing = new(1);
    private SourceCheckpoint _checkpoint = new("", "", 0, 0, 0, 0, 0, false);
    private RejectsFile? _rejects;
    private long _committedRow;

    /// <summary>Opens the index for writing.</summary>
    /// <param name="indexPath">The index's folder; created if it does not exist.</param>
    /// <param name="schema">What the model stores.</param>
    /// <param name="commitRows">Rows of the source between two commits, from 1.</param>
    /// <exception cref="RetrievalException">The index is locked, of another bundle or damaged.</exception>
    public LocalIngestionTarget(string indexPath, IndexSchema schema, int commitRows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(commitRows, 1);
        _commitRows = commitRows;
        _writer = LocalIndexWriter.OpenOrCreate(indexPath, schema);
    }

    /// <inheritdoc/>
    public async Task<SourceCheckpoint> BeginAsync(IngestionStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (start.Parts != 1)
        {
            throw new InvalidInputException($"is {start.Parts}; a local index has one writer, so its sources are stored in one part", field: "parts");
        }

        _checkpoint = Resume(start);
        if (_checkpoint.NextRow == 0 && _writer.Ledger.TryGetValue(start.SourceKey, out var earlier) && earlier != _checkpoint)
        {
            // Before the rejects of the earlier run are truncated: after a kill from here on, this run is resumed, not that one.
            await _writer.CommitAsync([_checkpoint], cancellationToken).ConfigureAwait(false);
        }

        OnDisk(() => _rejects = new RejectsFile(RejectsPath(start.SourceKey), _checkpoint.RejectsBytes));
        _committedRow = _checkpoint.NextRow;
        return _checkpoint;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, ExistingImage>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var found = new Dictionary<string, ExistingImage>(StringComparer.Ordinal);
        await UseAsync(() =>
        {
            foreach (var id in ids)
            {
                if (_writer.Find(id) is { } stored)
                {
                    found[id] = new ExistingImage(stored.ContentHash, stored.SourceKey, stored.Metadata);
                }
            }

            return Task.CompletedTask;
        }, cancellationToken).ConfigureAwait(false);
        return found;
    }

    /// <inheritdoc/>
    public async Task<WindowOutcome> StoreAsync(IngestionWindow window, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(window);
        var replaced = 0;
        if (window.Rows is { } rows)
        {
            await UseAsync(() =>
            {
                replaced = _writer.Append(rows).Replaced;
                return Task.CompletedTask;
            }, cancellationToken).ConfigureAwait(false);
        }

        OnDisk(() => _rejects!.Add(window.Rejects));
        var stored = window.Rows?.Images.Count ?? 0;
        _checkpoint = _checkpoint with
        {
            NextRow = window.EndRow,
            Ingested = _checkpoint.Ingested + stored,
            Replaced = _checkpoint.Replaced + replaced,
            Skipped = _checkpoint.Skipped + window.Skipped,
            Rejected = _checkpoint.Rejected + window.Rejects.Count,
            Completed = false,
        };
        if (window.EndRow - _committedRow >= _commitRows)
        {
            await CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        return WindowOutcome.Nothing with { Ingested = stored, Replaced = replaced, Committed = _committedRow == window.EndRow };
    }

    /// <summary>Stores nothing: a run over a local index is known to its process alone.</summary>
    public Task NoteAsync(IngestionFindings findings, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        OnDisk(_rejects!.Flush);
        _checkpoint = _checkpoint with { RejectsBytes = _rejects.Length };
        await UseAsync(() => _writer.CommitAsync([_checkpoint], cancellationToken), cancellationToken).ConfigureAwait(false);
        _committedRow = _checkpoint.NextRow;
    }

    /// <inheritdoc/>
    public async Task<IngestionEnd> CompleteAsync(CancellationToken stopping, CancellationToken cancellationToken)
    {
        _checkpoint = _checkpoint with { Completed = true };
        await CommitAsync(cancellationToken).ConfigureAwait(false);
        return new IngestionEnd(_writer.Generation) { RejectsFile = _rejects!.Path };
    }

    /// <summary>Records nothing: the checkpoint says how far the run came.</summary>
    public Task AbandonAsync(Exception cause) => Task.CompletedTask;

    /// <summary>Drops uncommitted rows and releases the lock for other writers.</summary>
    public ValueTask DisposeAsync()
    {
        _rejects?.Dispose();
        _writer.Dispose();
        _writing.Dispose();
        return ValueTask.CompletedTask;
    }

    private void OnDisk(Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw _writer.Failed(exception);
        }
    }

    private async Task UseAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await work().ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private SourceCheckpoint Resume(IngestionStart start) =>
        !start.Restart && _writer.Ledger.TryGetValue(start.SourceKey, out var entry) && entry.SourceStamp == start.SourceStamp
            ? entry
            : new SourceCheckpoint(start.SourceKey, start.SourceStamp, 0, 0, 0, 0, 0, false) { BatchRows = start.BatchRows };

    private string RejectsPath(string sourceKey)
    {
        // The key may be a path: its hash is a safe file name.
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sourceKey)))[..16];
        return Path.Combine(_writer.Path, "rejects", $"{name}.jsonl");
    }
}
