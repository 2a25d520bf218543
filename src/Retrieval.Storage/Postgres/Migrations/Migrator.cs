using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Storage.Postgres.Migrations;

/// <summary>
/// Brings a database's schema to this version. Migrations are numbered SQL files, each applied once and in order, in its own
/// transaction. There is no downgrade: a program of the version before goes on where the migration says so (docs/upgrade.md).
/// An applied file is never edited; its hash shows an edit.
/// </summary>
public static class Migrator
{
    // An arbitrary number that others do not use. It makes migrations of two processes wait for each other.
    private const long Lock = 0x7265_7472_6965_7661;
    private const int UnlockSeconds = 5;
    private static readonly IReadOnlyList<Migration> Known = [.. ReadAll()];

    /// <summary>The version this program works with.</summary>
    public static int Latest => Known[^1].Version;

    /// <summary>Applies the missing migrations.</summary>
    /// <param name="catalog">Connected as the role that is to own the schema. The role need not be a superuser if the extension
    /// <c>vector</c> already exists.</param>
    /// <param name="grants">Roles to be granted what they need.</param>
    /// <param name="cancellationToken">Stops between two migrations.</param>
    /// <returns>The names of the applied migrations.</returns>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">Postgres refused; the schema is newer and does not take writers of this version; or an applied migration was edited.</exception>
    public static Task<IReadOnlyList<string>> MigrateAsync(Catalog catalog, CatalogRoles? grants = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.UseAsync($"migrating {catalog.Name}", async (connection, cancellation) =>
        {
            await ExecuteAsync(connection, null, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_lock({Lock})"), cancellation).ConfigureAwait(false);
            try
            {
                await PrepareAsync(catalog, connection, cancellation).ConfigureAwait(false);
                var applied = new List<string>();
                var done = await AppliedAsync(connection, cancellation).ConfigureAwait(false);
                await CheckAsync(catalog, connection, done, SchemaUse.Write, cancellation).ConfigureAwait(false);
                foreach (var migration in Known.Where(migration => !done.ContainsKey(migration.Version)))
                {
                    await ApplyAsync(connection, migration, cancellation).ConfigureAwait(false);
                    applied.Add(migration.Name);
                }

                // Everybody may call a new function unless that right is revoked, and some of ours run as the owner.
                await ExecuteAsync(connection, null, "revoke all on all functions in schema retrieval from public", cancellation).ConfigureAwait(false);
                await GrantAsync(catalog, connection, grants, cancellation).ConfigureAwait(false);
                if (applied.Count > 0)
                {
                    // The extension's types may be new to this pool.
                    await connection.ReloadTypesAsync(cancellation).ConfigureAwait(false);
                }

                return (IReadOnlyList<string>)applied;
            }
            finally
            {
                await UnlockAsync(connection).ConfigureAwait(false);
            }
        }, cancellationToken);
    }

    /// <summary>
    /// Refuses a database whose schema is older than this program, or newer and not made to take programs of this version.
    /// </summary>
    /// <param name="catalog">The database.</param>
    /// <param name="use">What the program is about to do there.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The version of the schema.</returns>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">There is no schema, it is older, or it is newer and does not take this program.</exception>
    public static Task<int> RequireAsync(Catalog catalog, SchemaUse use, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.UseAsync($"checking the schema of {catalog.Name}", async (connection, cancellation) =>
        {
            var done = await HasTableAsync(connection, cancellation).ConfigureAwait(false)
                ? await AppliedAsync(connection, cancellation).ConfigureAwait(false)
                : throw Refused(catalog, "holds no retrieval schema yet; run `retrieval index migrate`");
            await CheckAsync(catalog, connection, done, use, cancellation).ConfigureAwait(false);
            var version = done.Keys.DefaultIfEmpty(0).Max();
            return Known.All(migration => done.ContainsKey(migration.Version))
                ? version
                : throw Refused(catalog, $"is at schema version {version} and this program needs {Latest}; run `retrieval index migrate`");
        }, cancellationToken);
    }

    private static async Task UnlockAsync(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_unlock({Lock})"), connection) { CommandTimeout = UnlockSeconds };
        await using (command.ConfigureAwait(false))
        {
            try
            {
                await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (CatalogErrors.IsOurs(exception) || exception is InvalidOperationException)
            {
                // The lock is released with the connection, and the earlier error is the one to report.
                await connection.CloseAsync().ConfigureAwait(false);
            }
        }
    }

    private static async Task GrantAsync(Catalog catalog, NpgsqlConnection connection, CatalogRoles? grants, CancellationToken cancellationToken)
    {
        foreach (var (name, kind) in grants?.Named ?? [])
        {
            var command = new NpgsqlCommand("""
                insert into retrieval.role (name, kind) select rolname, $2 from pg_roles where rolname = $1
                on conflict (name) do update set kind = excluded.kind returning 1
                """, connection) { Parameters = { new() { Value = name }, new() { Value = kind } } };
            await using (command.ConfigureAwait(false))
            {
                if (await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is null)
                {
                    throw new CatalogException(catalog.Name, CatalogFault.Other, $"there is no role '{name}' to grant rights to; the schema is there, the rights are not given; deploy/postgres/roles.sql makes the roles");
                }
            }
        }

        await ExecuteAsync(connection, null, CatalogRoles.GrantSql, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CheckAsync(Catalog catalog, NpgsqlConnection connection, Dictionary<int, string> done, SchemaUse use, CancellationToken cancellationToken)
    {
        if (Known.FirstOrDefault(migration => done.TryGetValue(migration.Version, out var hash) && hash != migration.Hash) is { } edited)
        {
            throw Refused(catalog, $"had another file applied as migration {edited.Name} than this program has");
        }

        var newer = done.Keys.Where(version => version > Latest).ToArray();
        if (newer.Length > 0 && !await TakesAsync(connection, newer, use, cancellationToken).ConfigureAwait(false))
        {
            throw Refused(catalog, $"is at schema version {newer.Max()}, newer than this program's {Latest}, and takes no {(use == SchemaUse.Read ? "readers" : "writers")} of that version; update the program");
        }
    }

    /// <summary>Whether each of these migrations says that programs of this version may go on under it.</summary>
    private static async Task<bool> TakesAsync(NpgsqlConnection connection, int[] versions, SchemaUse use, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select count(*) from retrieval.compatibility where version = any ($1) and case when $2 then writes_from else reads_from end <= $3", connection)
        {
            Parameters = { new() { Value = versions }, new() { Value = use == SchemaUse.Write }, new() { Value = Latest } },
        };
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is long count && count == versions.Length;
        }
    }

    private static async Task PrepareAsync(Catalog catalog, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (!await HasTableAsync(connection, cancellationToken).ConfigureAwait(false))
        {
            await Requirements.MeetAsync(catalog, connection, cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(connection, null, """
                create schema if not exists retrieval;
                create table if not exists retrieval.migration (
                    version integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now());
                """, cancellationToken).ConfigureAwait(false);
            await connection.ReloadTypesAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await ExecuteAsync(connection, transaction, migration.Sql, cancellationToken).ConfigureAwait(false);
            var note = new NpgsqlCommand("insert into retrieval.migration (version, name, sha256) values ($1, $2, $3)", connection, transaction)
            {
                Parameters = { new() { Value = migration.Version }, new() { Value = migration.Name }, new() { Value = migration.Hash } },
            };
            await using (note.ConfigureAwait(false))
            {
                await note.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<bool> HasTableAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select to_regclass('retrieval.migration') is not null", connection);
        await using (command.ConfigureAwait(false))
        {
            return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true;
        }
    }

    private static async Task<Dictionary<int, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand("select version, sha256 from retrieval.migration", connection);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                var done = new Dictionary<int, string>();
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    done.Add(reader.GetInt32(0), reader.GetString(1));
                }

                return done;
            }
        }
    }

    // The text is ours or made of quoted names, and has several statements, so it has no parameters. A migration has no time
    // limit, nor has waiting for another one. A server that is gone is noticed by its connection.
    private static async Task ExecuteAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(sql, connection, transaction) { CommandTimeout = 0 };
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static CatalogException Refused(Catalog catalog, string reason) => new(catalog.Name, CatalogFault.Schema, reason);

    private static IEnumerable<Migration> ReadAll()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith("Migrations/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
            var file = Path.GetFileNameWithoutExtension(name);
            yield return new Migration(
                int.Parse(file.AsSpan(0, 4), CultureInfo.InvariantCulture), file, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
        }
    }

    private sealed record Migration(int Version, string Name, string Sql, string Hash);
}
