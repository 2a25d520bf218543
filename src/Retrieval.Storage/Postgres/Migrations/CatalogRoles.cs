namespace Retrieval.Storage.Postgres.Migrations;

/// <summary>
/// Roles that use a catalog without owning it. Replicas read. Jobs also write rows and create, fill and activate indexes, as do
/// replicas that accept single images or run ingestions. Neither may drop or alter a table. The catalog remembers the roles: a
/// later migration grants them what it adds.
/// </summary>
/// <param name="Serve">Role of replicas that only answer requests; null if not named.</param>
/// <param name="Ingest">Role of all writers; null if not named.</param>
public sealed record CatalogRoles(string? Serve, string? Ingest)
{
    /// <summary>
    /// Grants what each remembered role needs. Rights are listed one by one: nobody has access to what a migration adds until it
    /// is listed here.
    /// </summary>
    internal const string GrantSql = """
        do $$
        declare
            known record;
        begin
            for known in select r.name, r.kind from retrieval.role r join pg_roles p on p.rolname = r.name loop
                execute format('grant usage on schema retrieval to %I', known.name);
                execute format('grant select on all tables in schema retrieval to %I', known.name);
                if known.kind = 'ingest' then
                    execute format('grant insert, update, delete on retrieval.image, retrieval.image_record, retrieval.image_embedding, retrieval.image_value, '
                        'retrieval.caption, retrieval.caption_embedding, retrieval.source, retrieval.ledger, retrieval.reject, retrieval.run to %I', known.name);
                    execute format('grant insert, delete on retrieval.change to %I', known.name);
                    execute format('grant insert, update on retrieval.activation to %I', known.name);
                    execute format('grant update (epoch) on retrieval.index to %I', known.name);
                    execute format('grant usage on all sequences in schema retrieval to %I', known.name);
                    execute format('grant execute on function retrieval.require(boolean, text), retrieval.create_index(text, text, text, integer, json, json), '
                        'retrieval.build_shortlist(integer, text, integer, integer), retrieval.analyze_index(integer) to %I', known.name);
                    -- Writers stage their rows in temporary tables; a database may have taken the right to those from everybody.
                    if not has_database_privilege(known.name, current_database(), 'temporary') then
                        execute format('grant temporary on database %I to %I', current_database(), known.name);
                    end if;
                end if;
            end loop;
        end $$
        """;

    /// <summary>The named roles with the kind of each.</summary>
    internal IEnumerable<(string Name, string Kind)> Named => new[] { (Name: Serve, Kind: "serve"), (Name: Ingest, Kind: "ingest") }.Where(role => role.Name is not null)!;
}
