using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Postgres.Writing;
using Retrieval.Storage.Rows;

namespace Retrieval.Search.Ingestion;

/// <summary>
/// An index of the catalog as the target of a run. Each window is one transaction that includes the checkpoint; while
/// Postgres is unavailable the window is held and retried. Rejected rows are stored in the catalog too.
/// </summary>
public sealed class CatalogIngestionTarget : IIngestionTarget
{
    private readonly Catalog _catalog;
    private readonly CatalogIndex _index;
    private readonly CatalogTargetOptions _options;
    private CatalogIngestion? _run;
    private IngestionStart? _start;
    private long _epoch;

    /// <summary>Prepares the run.</summary>
    /// <param name="catalog">The database.</param>
    /// <param name="index">The index; made for the bundle that encodes.</param>
    /// <param name="options">Who writes, and how long to retry.</param>
    public CatalogIngestionTarget(Catalog catalog, CatalogIndex index, CatalogTargetOptions options)
    {
        _catalog = catalog;
        _index = index;
        _options = options;
        _epoch = index?.Epoch ?? 0;
    }

    /// <inheritdoc/>
    /// <exception cref="CatalogException">Another run holds the part (<see cref="CatalogFault.Taken"/>), or Postgres refused.</exception>
    /// <exception cref="InvalidInputException">Another part of the source was started with a different window size.</exception>
    public async Task<SourceCheckpoint> BeginAsync(IngestionStart start, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        _start = start;
        if (start.Parts > 1)
        {
            await RequireSameWindowsAsync(start, cancellationToken).ConfigureAwait(false);
        }

        var claim = new IngestionClaim(start.SourceKey, start.SourceStamp, start.BatchRows, _options.Worker)
        {
            Part = start.Part,
            Parts = start.Parts,
            FirstRow = start.FirstRow,
            TotalRows = start.EndRow - start.FirstRow,
            Restart = start.Restart,
            RunId = _options.RunId,
            Findings = new CatalogFindings(start.Recognised, [], []),
        };
        _run = await CatalogIngestion.BeginAsync(_catalog, _index, claim, _options.Retry, cancellationToken).ConfigureAwait(false);
        return _run.Ledger;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, ExistingImage>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        var found = await _run!.FindAsync(ids, cancellationToken).ConfigureAwait(false);
        return found.ToDictionary(pair => pair.Key, pair => new ExistingImage(pair.Value.ContentHash, pair.Value.SourceKey, pair.Value.Metadata), StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public async Task<WindowOutcome> StoreAsync(IngestionWindow window, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(window);
        var rejects = window.Rejects.Select(Stored).ToList();
        var batch = new IngestionBatch(window.EndRow, window.Rows, window.Skipped, rejects, _options.Replace) { SourceName = _start!.SourceName, RowNumbers = window.RowNumbers };
        var outcome = await _run!.StoreAsync(batch, cancellationToken).ConfigureAwait(false);
        _epoch = Math.Max(_epoch, outcome.Epoch);
        return new WindowOutcome(
            outcome.Inserted + outcome.Replaced,
            outcome.Replaced,
            outcome.Unchanged,
            [.. outcome.Refused.Select(refused => new RejectedSample(_start.SourceName, RowOf(window, refused.Id), refused.Id, refused.Reason))],
            outcome.CancelRequested);
    }

    /// <inheritdoc/>
    public Task NoteAsync(IngestionFindings findings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(findings);
        var reasons = findings.Reasons.Select(reason => new CatalogReason(reason.Count, Stored(reason.First)));
        return _run!.NoteAsync(new CatalogFindings(findings.Recognised, findings.Warnings, [.. reasons]), cancellationToken);
    }

    /// <summary>Nothing to do: every window is already committed.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task<IngestionEnd> CompleteAsync(CancellationToken stopping, CancellationToken cancellationToken)
    {
        await _run!.CompleteAsync(cancellationToken).ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, cancellationToken);
        return await new CatalogCompletion(_catalog, _index, _options).RunAsync(_start!, _epoch, either.Token).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task AbandonAsync(Exception cause)
    {
        ArgumentNullException.ThrowIfNull(cause);
        if (_run is null)
        {
            return;
        }

        var (state, message) = cause switch
        {
            IngestionStoppedException stopped => (RunState.Cancelled, stopped.Message),
            OperationCanceledException => (RunState.Cancelled, new IngestionStoppedException(_run.Ledger.NextRow, "the run was stopped").Message),
            RetrievalException known => (RunState.Failed, known.Message),
            _ => (RunState.Failed, $"it broke off: {cause.Message}"),
        };
        try
        {
            await _run.EndAsync(state, message).ConfigureAwait(false);
        }
        catch (RetrievalException)
        {
            // The caller has to see the cause, which is often also why this fails. Anyone who asks sees a run that is not connected.
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _run?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static CatalogReject Stored(RejectedSample reject) => new(reject.Source, reject.Row, reject.Id, reject.Reason);

    private static long RowOf(IngestionWindow window, string id)
    {
        for (var i = 0; i < (window.Rows?.Images.Count ?? 0) && i < window.RowNumbers.Count; i++)
        {
            if (window.Rows!.Images[i].Id == id)
            {
                return window.RowNumbers[i];
            }
        }

        return window.EndRow - 1;
    }

    // Parts are cut at whole windows: with two window sizes, no part would read some rows.
    private async Task RequireSameWindowsAsync(IngestionStart start, CancellationToken cancellationToken)
    {
        var others = await CatalogParts.ListAsync(_catalog, _index, start.SourceKey, start.Parts, cancellationToken).ConfigureAwait(false);
        if (others.FirstOrDefault(other => other.Part != start.Part && other.SourceStamp == start.SourceStamp && other.BatchRows != start.BatchRows) is { } other)
        {
            throw new InvalidInputException($"is {start.BatchRows}; part {other.Part} of {start.Parts} was begun with {other.BatchRows}", field: "batch");
        }
    }
}
