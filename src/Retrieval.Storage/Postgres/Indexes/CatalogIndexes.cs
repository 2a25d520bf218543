using System.Globalization;
using System.Text.Json;
using Npgsql;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Storage.Postgres.Indexes;

/// <summary>Creates, finds, activates and drops the indexes of a catalog by name.</summary>
public static class CatalogIndexes
{
    // Tables this small have no statistics. The server would estimate a join as so large that it compiles it, which takes a
    // hundred times as long as the query.
    private const string Select = """
        select (select catalog_id from retrieval.catalog), i.index_id, i.name, i.fingerprint, i.bundle_name, i.embedding_width, i.image_fields::text, i.caption_fields::text,
               i.epoch, i.purged_epoch, a.index_id is not null,
               (select g.token from retrieval.change g where g.index_id = i.index_id and g.epoch = i.epoch), pg_is_in_recovery()
        from retrieval.index i left join retrieval.activation a on a.index_id = i.index_id
        """;

    /// <summary>All indexes in the order of their creation.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused, or has no schema.</exception>
    public static Task<IReadOnlyList<CatalogIndex>> ListAsync(Catalog catalog, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.UseAsync("listing the indexes", (connection, cancellation) => ReadAsync(connection, $"{Select} order by i.index_id", [], cancellation), cancellationToken);
    }

    /// <summary>The index that replicas serve; null if none was activated.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public static async Task<CatalogIndex?> FindActiveAsync(Catalog catalog, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var found = await catalog.UseAsync(
            "reading the active index", (connection, cancellation) => ReadAsync(connection, $"{Select} where a.index_id is not null", [], cancellation), cancellationToken).ConfigureAwait(false);
        return found.SingleOrDefault();
    }

    /// <summary>The index of this name; null if there is none.</summary>
    /// <inheritdoc cref="ListAsync"/>
    public static async Task<CatalogIndex?> FindAsync(Catalog catalog, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        if (!IndexName.IsValid(name))
        {
            // Postgres takes no text with a NUL.
            return null;
        }

        var found = await catalog.UseAsync(
            $"reading index {name}", (connection, cancellation) => ReadAsync(connection, $"{Select} where i.name = $1", [name], cancellation), cancellationToken).ConfigureAwait(false);
        return found.SingleOrDefault();
    }

    /// <summary>The index of this name, created if there is none. Two concurrent callers get the same index.</summary>
    /// <exception cref="IndexMismatchException">It was created for another bundle or other fields.</exception>
    /// <exception cref="InvalidInputException">The name or the schema cannot be stored.</exception>
    /// <inheritdoc cref="ListAsync"/>
    public static async Task<CatalogIndex> FindOrCreateAsync(Catalog catalog, string name, IndexSchema schema, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        IndexName.Require(name);
        schema.Validate();
        if (await FindAsync(catalog, name, cancellationToken).ConfigureAwait(false) is not { } index)
        {
            await CreateAsync(catalog, name, schema, cancellationToken).ConfigureAwait(false);
            index = await FindAsync(catalog, name, cancellationToken).ConfigureAwait(false)
                ?? throw new CatalogException($"index {name}", CatalogFault.Index, "was dropped while it was being opened");
        }

        schema.Match($"{catalog.Name}:{name}", index.Schema);
        return index;
    }

    /// <summary>Makes an index the one that replicas serve, for all of them at once.</summary>
    /// <returns>The index that was active before; null if there was none.</returns>
    /// <exception cref="CatalogException">There is no index of this name.</exception>
    /// <inheritdoc cref="ListAsync"/>
    public static async Task<string?> ActivateAsync(Catalog catalog, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return await catalog.UseAsync($"activating index {name}", async (connection, cancellation) =>
        {
            var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var before = await ScalarAsync<string>(
                    connection, "select i.name from retrieval.activation a join retrieval.index i using (index_id) for update of a", [], cancellation).ConfigureAwait(false);
                var activated = await ScalarAsync<int?>(connection, """
                    insert into retrieval.activation (index_id) select index_id from retrieval.index where name = $1
                    on conflict (singleton) do update set index_id = excluded.index_id, activated_at = now()
                    returning index_id
                    """, [name], cancellation).ConfigureAwait(false);
                if (activated is null)
                {
                    throw Unknown(name);
                }

                await transaction.CommitAsync(cancellation).ConfigureAwait(false);
                return before;
            }
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Activates an index if none is active. Two concurrent callers do not undo each other.</summary>
    /// <returns>Whether the index was activated.</returns>
    /// <inheritdoc cref="ListAsync"/>
    public static Task<bool> ActivateFirstAsync(Catalog catalog, CatalogIndex index, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(index);
        return catalog.UseAsync($"activating index {index.Name}", async (connection, cancellation) => await ScalarAsync<int?>(
            connection, "insert into retrieval.activation (index_id) values ($1) on conflict do nothing returning index_id", [index.IndexId], cancellation).ConfigureAwait(false) is not null, cancellationToken);
    }

    /// <summary>Drops an index and all it contains.</summary>
    /// <exception cref="CatalogException">There is no such index, it is the active one, or a replica pinned to it follows it.</exception>
    /// <inheritdoc cref="ListAsync"/>
    public static async Task DropAsync(Catalog catalog, string name, CancellationToken cancellationToken = default)
    {
        var index = await FindAsync(catalog, name, cancellationToken).ConfigureAwait(false) ?? throw Unknown(name);
        if (index.Active)
        {
            throw new CatalogException($"index {name}", CatalogFault.Index, "it is the active one; activate another before dropping it");
        }

        var alone = await CatalogLock.TryTakeAsync(catalog, FollowedLock(index), cancellationToken).ConfigureAwait(false)
            ?? throw new CatalogException($"index {name}", CatalogFault.Index, "a replica is pinned to it (Postgres:Index) and serves it; stop or repoint the replica before dropping it");
        await using (alone.ConfigureAwait(false))
        {
            // Every reader or writer of any index blocks this, and none of them may be kept waiting. So it makes many short attempts.
            var retry = new CatalogRetry { For = TimeSpan.FromMinutes(1), LongestDelay = TimeSpan.FromSeconds(2) };
            await retry.RunAsync(token => catalog.UseAsync($"dropping index {name}", (connection, cancellation) =>
                ScalarAsync<object>(connection, "select retrieval.drop_index($1)", [index.IndexId], cancellation), token), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Name of the lock that replicas share while they are pinned to an index. Dropping the index takes the lock exclusively.
    /// </summary>
    internal static string FollowedLock(CatalogIndex index) => string.Create(CultureInfo.InvariantCulture, $"retrieval following {index.IndexId}");

    internal static CatalogException Unknown(string name) => new($"index {name}", CatalogFault.Index, "there is no index of this name in the catalog");

    private static async Task CreateAsync(Catalog catalog, string name, IndexSchema schema, CancellationToken cancellationToken)
    {
        try
        {
            await catalog.UseAsync($"creating index {name}", (connection, cancellation) => ScalarAsync<int?>(
                connection,
                "select retrieval.create_index($1, $2, $3, $4, $5::json, $6::json)",
                [name, schema.Fingerprint, schema.BundleName, schema.EmbeddingWidth, Json(schema.ImageFields), Json(schema.CaptionFields)],
                cancellation), cancellationToken).ConfigureAwait(false);
        }
        catch (CatalogException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // Another caller created the index first; use that one.
        }
    }

    private static async Task<IReadOnlyList<CatalogIndex>> ReadAsync(NpgsqlConnection connection, string sql, object[] values, CancellationToken cancellationToken)
    {
        var command = Command(connection, sql, values);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var indexes = new List<CatalogIndex>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    var schema = new IndexSchema(reader.GetString(3), reader.GetString(4), reader.GetInt32(5), Fields(reader.GetString(6)), Fields(reader.GetString(7)));
                    indexes.Add(new CatalogIndex(reader.GetGuid(0), reader.GetInt32(1), reader.GetString(2), schema, reader.GetInt64(8), reader.GetInt64(9), reader.GetBoolean(10))
                    {
                        Token = reader.IsDBNull(11) ? null : reader.GetGuid(11),
                        FromStandby = reader.GetBoolean(12),
                    });
                }

                return indexes;
            }
        }
    }

    private static async Task<T?> ScalarAsync<T>(NpgsqlConnection connection, string sql, object[] values, CancellationToken cancellationToken)
    {
        var command = Command(connection, sql, values);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is T value ? value : default;
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        return command;
    }

    private static string Json(IReadOnlyList<FieldSpec> fields) => JsonSerializer.Serialize(fields, ManifestJson.Default.IReadOnlyListFieldSpec);

    private static IReadOnlyList<FieldSpec> Fields(string json) => JsonSerializer.Deserialize(json, ManifestJson.Default.IReadOnlyListFieldSpec)!;
}
