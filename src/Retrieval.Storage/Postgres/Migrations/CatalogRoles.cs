namespace Retrieval.Storage.Postgres.Migrations;

/// <summary>
/// Roles that use a catalog without owning it. Replicas read; jobs, and replicas that take single images or run
/// ingestions, also write rows, and make, fill and activate indexes. Neither may drop or alter a table.
/// </summary>
/// <param name="Serve">Role of replicas that only answer; null to grant nothing.</param>
/// <param name="Ingest">Role of whoever writes; null to grant nothing.</param>
public sealed record CatalogRoles(string? Serve, string? Ingest)
{
    internal string Sql()
    {
        var sql = new List<string>();
        foreach (var role in new[] { Serve, Ingest }.OfType<string>().Select(Quote))
        {
            sql.Add($"grant usage on schema retrieval to {role}");
            sql.Add($"grant select on all tables in schema retrieval to {role}");
            sql.Add($"alter default privileges in schema retrieval grant select on tables to {role}");
        }

        if (Ingest is not null)
        {
            var role = Quote(Ingest);
            sql.Add($"grant insert, update, delete on retrieval.image, retrieval.image_record, retrieval.image_embedding, retrieval.caption, retrieval.caption_embedding, retrieval.source, retrieval.ledger, retrieval.reject, retrieval.run to {role}");
            sql.Add($"grant insert, update on retrieval.activation to {role}");
            sql.Add($"grant update (epoch) on retrieval.index to {role}");
            // Writers stage their rows in temporary tables; a database may have taken the right to those from everybody.
            sql.Add($"do $$ begin if not has_database_privilege({Literal(Ingest)}, current_database(), 'temporary') then execute format('grant temporary on database %I to %I', current_database(), {Literal(Ingest)}); end if; end $$");
            sql.Add($"grant usage on all sequences in schema retrieval to {role}");
            sql.Add($"grant execute on all functions in schema retrieval to {role}");
            sql.Add($"revoke execute on function retrieval.drop_index(integer) from {role}");
        }

        return string.Join(";\n", sql.Append(""));
    }

    private static string Literal(string role) => $"'{role.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string Quote(string role) => $"\"{role.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
