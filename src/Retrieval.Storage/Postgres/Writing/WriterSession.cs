using System.Globalization;
using Npgsql;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// A connection that writes batches. It is a dedicated one, with staging tables, and with limits on how long it may block others.
/// The driver's errors are not translated.
/// </summary>
internal sealed class WriterSession : IAsyncDisposable
{
    /// <summary>The error with which <c>retrieval.require</c> ends a transaction.</summary>
    public const string Refused = "RT001";

    private const int IdleMinutes = 15;

    private WriterSession(NpgsqlConnection connection, string tag)
    {
        Connection = connection;
        Tag = tag;
    }

    public NpgsqlConnection Connection { get; }

    /// <summary>Its unique application name. It identifies the server's side of a connection that broke.</summary>
    public string Tag { get; }

    /// <summary>One buffer for all copies of the session.</summary>
    public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(CopyStream.BufferBytes);

    public bool Broken => Connection.FullState is not System.Data.ConnectionState.Open;

    /// <summary>Opens a session.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="former">Tag of the session that this one replaces. The server ends that session if it still exists.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<WriterSession> OpenAsync(Catalog catalog, string? former, CancellationToken cancellationToken)
    {
        var connection = await catalog.OpenAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var session = new WriterSession(connection, $"retrieval writer {Guid.NewGuid():n}");
            if (former is not null)
            {
                await session.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and usename = current_user", [former], cancellationToken).ConfigureAwait(false);
            }

            await session.SetAsync(catalog.CommandSeconds, cancellationToken).ConfigureAwait(false);
            await session.ExecuteAsync(StoreStatements.TemporaryTables, [], cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Whether an exception comes from the server or the network, or is the driver's report that the connection broke.</summary>
    public static bool IsFailure(Exception exception, bool broken) =>
        CatalogErrors.IsOurs(exception) || (broken && exception is InvalidOperationException or ObjectDisposedException);

    /// <summary>The failure in this product's terms.</summary>
    public static RetrievalException Translate(string what, CatalogIndex index, Exception exception) => exception switch
    {
        // The index's row or its partition does not exist.
        PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation or PostgresErrorCodes.CheckViolation, SchemaName: "retrieval" } =>
            new CatalogException(what, CatalogFault.Index, $"index {index.Name} is no longer in the catalog", exception),
        _ => CatalogErrors.Translate(what, exception),
    };

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    /// <summary>Rolls back the transaction, if there is one and the connection still works.</summary>
    public async Task RollbackAsync()
    {
        if (Broken)
        {
            return;
        }

        try
        {
            await ExecuteAsync("rollback", [], CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (CatalogErrors.IsOurs(exception) || exception is InvalidOperationException)
        {
            // The next user of the session sees that it is broken.
            await Connection.CloseAsync().ConfigureAwait(false);
        }
    }

    public async Task ExecuteAsync(string sql, object[] values, CancellationToken cancellationToken)
    {
        var command = Command(sql, values);
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The first row that a statement returns; null if there is none.</summary>
    public async Task<T?> ReadAsync<T>(string sql, object[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var command = Command(sql, values);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                return await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ? read(reader) : default;
            }
        }
    }

    private NpgsqlCommand Command(string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql, Connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    // Settings that the server's version does not have are left out.
    private Task SetAsync(int commandSeconds, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>
        {
            ["application_name"] = Tag,
            // A lock that is not granted in time is a conflict, which is retried. This happens long before the driver gives up
            // on the server.
            ["lock_timeout"] = Milliseconds(commandSeconds * 500L),
            // Whatever happens to this process (frozen, cut off), the server does not keep its locks and rows for long. A copy
            // is one statement, and must finish within that time.
            ["statement_timeout"] = Milliseconds(commandSeconds * 4_000L),
            ["idle_in_transaction_session_timeout"] = Milliseconds(commandSeconds * 2_000L),
            ["idle_session_timeout"] = Milliseconds(IdleMinutes * 60_000L),
            ["client_connection_check_interval"] = "2s",
            ["tcp_keepalives_idle"] = "15",
            ["tcp_keepalives_interval"] = "5",
            ["tcp_keepalives_count"] = "3",
            // Tables grow while plans are kept, and the staging tables have no statistics. So every plan is made for the tables
            // as they are, and uses an index.
            ["plan_cache_mode"] = "force_custom_plan",
            ["enable_seqscan"] = "off",
            ["enable_hashjoin"] = "off",
            ["enable_mergejoin"] = "off",
            ["jit"] = "off",
            ["client_min_messages"] = "warning",
        };
        return ExecuteAsync(
            """
            select set_config(s.name, v.value, false) from unnest($1, $2) as v (name, value) join pg_settings s on s.name = v.name
            union all select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'
            """,
            [settings.Keys.ToArray(), settings.Values.ToArray()],
            cancellationToken);
    }

    private static string Milliseconds(long value) => string.Create(CultureInfo.InvariantCulture, $"{value}ms");
}
