using Npgsql;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// One run over one part of a source. Each batch is stored as one transaction together with the ledger; while Postgres is
/// away it is held in memory and tried again. Whether a transaction that was cut off at its end went through is told by
/// the ledger: nothing is stored twice, and nothing that was acknowledged is lost.
/// </summary>
/// <remarks>One call at a time, <see cref="FindAsync"/> excepted, which may run beside any other.</remarks>
public sealed class CatalogIngestion : IAsyncDisposable
{
    private readonly Catalog _catalog;
    private readonly CatalogIndex _index;
    private readonly IngestionClaim _claim;
    private readonly CatalogRetry _retry;
    private readonly PartCheckpoint _part;
    private WriterSession? _session;
    private string? _formerTag;
    private SourceCheckpoint? _checkpoint;
    private int _sourceNo;

    private CatalogIngestion(Catalog catalog, CatalogIndex index, IngestionClaim claim, CatalogRetry retry)
    {
        _catalog = catalog;
        _index = index;
        _claim = claim;
        _retry = retry;
        _part = new PartCheckpoint(index, claim);
    }

    /// <summary>Number of the run.</summary>
    public Guid RunId => _claim.RunId;

    /// <summary>How far the part has come, as committed. <see cref="SourceCheckpoint.RejectsBytes"/> means nothing here.</summary>
    public SourceCheckpoint Ledger => _checkpoint!;

    private string What => $"ingesting '{_claim.SourceKey}' into index {_index.Name}";

    /// <summary>Takes the part and registers the run: where an earlier one ended, or, if the source has changed or is to be restarted, from its first row.</summary>
    /// <exception cref="InvalidInputException">The claim cannot be stored.</exception>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer for as long as <paramref name="retry"/> says.</exception>
    /// <exception cref="CatalogException">Another run has the part (<see cref="CatalogFault.Taken"/>); the index is gone; or Postgres refused.</exception>
    public static async Task<CatalogIngestion> BeginAsync(Catalog catalog, CatalogIndex index, IngestionClaim claim, CatalogRetry retry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(retry);
        PartCheckpoint.Require(claim);
        var run = new CatalogIngestion(catalog, index, claim, retry);
        try
        {
            await run.UseAsync(run.What, async (session, cancellation) =>
            {
                await session.ExecuteAsync("begin", [], cancellation).ConfigureAwait(false);
                var (ledger, sourceNo) = await run._part.RegisterAsync(session, cancellation).ConfigureAwait(false);
                await session.ExecuteAsync("commit", [], cancellation).ConfigureAwait(false);
                run._sourceNo = sourceNo;
                run._checkpoint = ledger;
                return ledger;
            }, cancellationToken).ConfigureAwait(false);
            return run;
        }
        catch
        {
            await run.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Which of some images the index holds: live ones, as committed.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer for long.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public Task<IReadOnlyDictionary<string, CatalogImage>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken = default) =>
        _retry.RunAsync(cancellation => ImageLookup.FindAsync(_catalog, _index, ids, cancellation), cancellationToken);

    /// <summary>
    /// Stores a batch. When this returns it is on the server's disk; when it throws, all or nothing of it is. The same batch
    /// may be given again then, as may it to the next run if the ledger there does not have it: it is not stored twice.
    /// </summary>
    /// <exception cref="InvalidInputException">The batch is not what the schema says, or holds an id twice. Nothing was sent.</exception>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer for long.</exception>
    /// <exception cref="CatalogException">Another run has the part by now (<see cref="CatalogFault.Taken"/>), the disk is full, or Postgres refused.</exception>
    public Task<BatchOutcome> StoreAsync(IngestionBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(batch.EndRow, Ledger.NextRow);
        var before = Ledger;
        var staged = batch.Rows is null ? null : StagedBatch.Of(batch.Rows, _index.Schema);
        var step = CheckpointStep.Of(_claim, before.NextRow, batch, staged);
        var rowNumbers = new List<long>();
        return UseAsync($"{What}, rows {before.NextRow} to {batch.EndRow - 1}", async (session, cancellation) =>
        {
            if (Ledger.NextRow == batch.EndRow)
            {
                // An earlier attempt went through, and only word of it was lost.
                return await StoredBatch.RecallAsync(session, _index, step, staged, before, Ledger, rowNumbers, cancellation).ConfigureAwait(false);
            }

            if (Ledger.NextRow != before.NextRow)
            {
                throw new CatalogException(What, CatalogFault.Other, $"the ledger is at row {Ledger.NextRow}: a batch that was given up went through after all, and this one has to begin there");
            }

            var transaction = new BatchTransaction(session, _index);
            try
            {
                var outcome = await transaction.RunAsync(staged, _sourceNo, batch.Replace, step, cancellation).ConfigureAwait(false);
                _checkpoint = Moved(before, step, outcome, staged);
                return outcome;
            }
            finally
            {
                rowNumbers.AddRange(transaction.RowNumbers);
            }
        }, cancellationToken);
    }

    /// <summary>Notes that the source was read to its end.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer for long.</exception>
    /// <exception cref="CatalogException">Another run has the part by now, or Postgres refused.</exception>
    public Task CompleteAsync(CancellationToken cancellationToken = default) => UseAsync(What, async (session, cancellation) =>
    {
        await session.ExecuteAsync("""
            with done as (update retrieval.ledger set completed = true, updated_at = clock_timestamp() where run_id = $1 returning 1),
            noted as (update retrieval.run set state = 'completed', message = null, ended_at = clock_timestamp(), updated_at = clock_timestamp() where run_id = $1)
            select retrieval.require(exists (select from done), 'another run has gone on with this source meanwhile')
            """, [RunId], cancellation).ConfigureAwait(false);
        return _checkpoint = Ledger with { Completed = true };
    }, cancellationToken);

    /// <summary>Notes that the run ends before the source does. Tries for some seconds only: a run that cannot say so is marked by the next one.</summary>
    /// <param name="state">How it ends.</param>
    /// <param name="message">Why, for people.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public Task EndAsync(RunState state, string? message, CancellationToken cancellationToken = default) =>
        CatalogRetry.Short.RunAsync(cancellation => _catalog.UseAsync($"ending the run of '{_claim.SourceKey}'", async (connection, token) =>
        {
            var command = new NpgsqlCommand("update retrieval.run set state = $2, message = $3, ended_at = clock_timestamp(), updated_at = clock_timestamp() where run_id = $1 and state = 'running'", connection)
            {
                Parameters =
                {
                    new() { Value = RunId }, new() { Value = CatalogRuns.NameOf(state) }, new() { Value = (object?)message?.Replace('\0', '\u2400') ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text },
                },
            };
            await using (command.ConfigureAwait(false))
            {
                return await command.ExecuteNonQueryAsync(token).ConfigureAwait(false);
            }
        }, cancellation), cancellationToken);

    /// <summary>Lets go of the part.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_session is { } session)
        {
            _session = null;
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static SourceCheckpoint Moved(SourceCheckpoint before, CheckpointStep step, BatchOutcome outcome, StagedBatch? staged) => before with
    {
        NextRow = step.EndRow,
        Ingested = before.Ingested + outcome.Inserted + outcome.Replaced,
        Replaced = before.Replaced + outcome.Replaced,
        Skipped = before.Skipped + step.Skipped + outcome.Unchanged,
        // Those that Postgres cannot hold are in both.
        Rejected = before.Rejected + step.Rejects.Count + outcome.Refused.Count - (staged?.Faults.Count ?? 0),
        Completed = false,
    };

    private Task<T> UseAsync<T>(string what, Func<WriterSession, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        _retry.RunAsync(async cancellation =>
        {
            try
            {
                return await work(await ConnectAsync(cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception.SqlState == WriterSession.Refused)
            {
                await LeaveAsync(exception).ConfigureAwait(false);
                throw _part.Taken(exception.MessageText, exception);
            }
            catch (Exception exception)
            {
                var broken = await LeaveAsync(exception).ConfigureAwait(false);
                if (!WriterSession.IsFailure(exception, broken))
                {
                    throw;
                }

                cancellation.ThrowIfCancellationRequested();
                throw WriterSession.Translate(what, _index, exception);
            }
        }, (exception, cancellation) => RunningBuild.ExcuseAsync(_catalog, _index, what, exception, cancellation), cancellationToken);

    /// <summary>The session; if it was lost, another one, with the lock and the ledger as the server has them.</summary>
    private async Task<WriterSession> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_session is { Broken: false } session)
        {
            return session;
        }

        await DisposeAsync().ConfigureAwait(false);
        _session = await WriterSession.OpenAsync(_catalog, _formerTag, cancellationToken).ConfigureAwait(false);
        _formerTag = _session.Tag;
        try
        {
            await _part.LockAsync(_session, _retry.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (CatalogException taken) when (_checkpoint is not null)
        {
            // By another run, or by what the server still has of the session that was lost.
            await _part.RequireOursAsync(_session, cancellationToken).ConfigureAwait(false);
            throw new CatalogUnavailableException(What, taken);
        }

        if (_checkpoint is not null)
        {
            _checkpoint = await _part.RequireOursAsync(_session, cancellationToken).ConfigureAwait(false);
        }

        return _session;
    }

    /// <summary>Leaves the transaction, and unless Postgres itself refused it, the session: what it is up to is not known.</summary>
    /// <returns>Whether the session is lost.</returns>
    private async Task<bool> LeaveAsync(Exception exception)
    {
        if (_session is not { } session)
        {
            return true;
        }

        if (exception is PostgresException && !session.Broken)
        {
            await session.RollbackAsync().ConfigureAwait(false);
        }

        if (exception is PostgresException && !session.Broken)
        {
            return false;
        }

        await DisposeAsync().ConfigureAwait(false);
        return true;
    }
}
