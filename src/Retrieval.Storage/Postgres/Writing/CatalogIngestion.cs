using Npgsql;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// One run over one part of a source. Each batch is stored in one transaction together with the checkpoint. While Postgres is
/// unavailable, the batch is held in memory and retried. If the connection is lost during a commit, the checkpoint tells whether
/// the commit succeeded: nothing is stored twice, and nothing acknowledged is lost.
/// </summary>
/// <remarks>One call at a time, except <see cref="FindAsync"/>, which may run concurrently with any other.</remarks>
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

    /// <summary>Committed progress of the part. <see cref="SourceCheckpoint.RejectsBytes"/> has no meaning here.</summary>
    public SourceCheckpoint Ledger => _checkpoint!;

    private string What => $"ingesting '{_claim.SourceKey}' into index {_index.Name}";

    /// <summary>
    /// Takes the part and registers the run. It resumes where an earlier run ended, or starts at the first row if the source has
    /// changed or is to be restarted.
    /// </summary>
    /// <exception cref="InvalidInputException">The claim cannot be stored.</exception>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer for as long as <paramref name="retry"/> says.</exception>
    /// <exception cref="CatalogException">Another run holds the part (<see cref="CatalogFault.Taken"/>); the index is gone; or
    /// Postgres refused.</exception>
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

    /// <summary>Finds which of the given images the index holds: live ones, as committed.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer within the retry time.</exception>
    /// <exception cref="CatalogException">Postgres refused.</exception>
    public Task<IReadOnlyDictionary<string, CatalogImage>> FindAsync(IReadOnlyCollection<string> ids, CancellationToken cancellationToken = default) =>
        _retry.RunAsync(cancellation => ImageLookup.FindAsync(_catalog, _index, ids, cancellation), cancellationToken);

    /// <summary>
    /// Stores a batch. When this returns, the batch is on the server's disk. When it throws, either all of the batch is stored or
    /// nothing. The same batch may then be given again, also to the next run if that run's checkpoint does not cover it: it is
    /// not stored twice.
    /// </summary>
    /// <exception cref="InvalidInputException">The batch does not match the schema, or contains an id twice. Nothing was
    /// sent.</exception>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer within the retry time.</exception>
    /// <exception cref="CatalogException">Another run holds the part by now (<see cref="CatalogFault.Taken"/>), the disk is full,
    /// or Postgres refused.</exception>
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
                // An earlier attempt was committed, and only its reply was lost.
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

    /// <summary>Stores what the run has found out about its source, in the place of what was stored before.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer within the retry time.</exception>
    /// <exception cref="CatalogException">Another run holds the part by now, or Postgres refused.</exception>
    public Task NoteAsync(CatalogFindings findings, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(findings);
        return UseAsync(What, async (session, cancellation) =>
        {
            await session.ExecuteAsync("update retrieval.run set findings = $2::jsonb where run_id = $1", [RunId, findings.ToJson()], cancellation).ConfigureAwait(false);
            return true;
        }, cancellationToken);
    }

    /// <summary>Records that the source was read to its end.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres did not answer within the retry time.</exception>
    /// <exception cref="CatalogException">Another run holds the part by now, or Postgres refused.</exception>
    public Task CompleteAsync(CancellationToken cancellationToken = default) => UseAsync(What, async (session, cancellation) =>
    {
        await session.ExecuteAsync("""
            with done as (update retrieval.ledger set completed = true, updated_at = clock_timestamp() where run_id = $1 returning 1),
            noted as (update retrieval.run set state = 'completed', message = null, ended_at = clock_timestamp(), updated_at = clock_timestamp() where run_id = $1)
            select retrieval.require(exists (select from done), 'another run has gone on with this source meanwhile')
            """, [RunId], cancellation).ConfigureAwait(false);
        return _checkpoint = Ledger with { Completed = true };
    }, cancellationToken);

    /// <summary>
    /// Records that the run ends before its source does. Retries for a few seconds only: if this fails, the next run marks this
    /// one as ended.
    /// </summary>
    /// <param name="state">How the run ends.</param>
    /// <param name="message">The reason, for people.</param>
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

    /// <summary>Releases the part.</summary>
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
        // Images that Postgres cannot hold are counted in both.
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

    /// <summary>
    /// Returns the session. If it was lost, opens another one, with the lock and the checkpoint as the server has them.
    /// </summary>
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
            // The lock is held by another run, or by what the server still has of the lost session.
            await _part.RequireOursAsync(_session, cancellationToken).ConfigureAwait(false);
            throw new CatalogUnavailableException(What, taken);
        }

        if (_checkpoint is not null)
        {
            _checkpoint = await _part.RequireOursAsync(_session, cancellationToken).ConfigureAwait(false);
        }

        return _session;
    }

    /// <summary>
    /// Leaves the transaction. Unless Postgres itself refused it, also leaves the session, because its state is unknown.
    /// </summary>
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
