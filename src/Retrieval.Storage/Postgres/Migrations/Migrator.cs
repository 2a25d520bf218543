using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Storage.Postgres.Migrations;

/// <summary>
/// Brings a database's schema to this version. Migrations are numbered SQL files, each applied once and in order, in its own
/// transaction. There is no downgrade. An applied file is never edited; its hash shows an edit.
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
    /// <exception cref="CatalogException">Postgres refused; the schema is newer than this version; or an applied migration was edited.</exception>
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
                Check(catalog, done);
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

    /// <summary>Refuses a database whose schema is of another version.</summary>
    /// <exception cref="CatalogUnavailableException">Postgres does not answer.</exception>
    /// <exception cref="CatalogException">There is no schema, or it is older or newer.</exception>
    public static Task RequireAsync(Catalog catalog, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return catalog.UseAsync($"checking the schema of {catalog.Name}", async (connection, cancellation) =>
        {
            var done = await HasTableAsync(connection, cancellation).ConfigureAwait(false)
                ? await AppliedAsync(connection, cancellation).ConfigureAwait(false)
                : throw Refused(catalog, "holds no retrieval schema yet; run `retrieval index migrate`");
            Check(catalog, done);
            return done.Count == Known.Count
                ? done.Count
                : throw Refused(catalog, $"is at schema version {done.Keys.DefaultIfEmpty(0).Max()} and this program needs {Latest}; run `retrieval index migrate`");
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

    private static void Check(Catalog catalog, Dictionary<int, string> done)
    {
        foreach (var (version, hash) in done)
        {
            if (Known.FirstOrDefault(migration => migration.Version == version) is not { } known)
            {
                throw Refused(catalog, $"is at schema version {done.Keys.Max()}, newer than this program's {Latest}; update the program");
            }

            if (known.Hash != hash)
            {
                throw Refused(catalog, $"had another file applied as migration {known.Name} than this program has");
            }
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
