namespace Retrieval.Server.Access;

/// <summary>The roles and what each of them includes: the only place that says so.</summary>
public static class Roles
{
    private static readonly Dictionary<string, Role> ByName = Enum.GetValues<Role>().ToDictionary(NameOf, StringComparer.Ordinal);

    /// <summary>The names, in the order of the declaration.</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>The role's name in key files, tokens and messages.</summary>
    public static string NameOf(Role role) => role switch
    {
        Role.Query => "query",
        Role.Ingest => "ingest",
        Role.Admin => "admin",
        Role.Metrics => "metrics",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    /// <summary>The role of a name; null for none.</summary>
    public static Role? Find(string? name) => name is not null && ByName.TryGetValue(name, out var role) ? role : null;

    /// <summary>A role and those that it includes.</summary>
    public static IReadOnlyList<Role> Granted(Role role) => role switch
    {
        Role.Query => [Role.Query],

        // Whoever ingests watches how it goes, in the console as well.
        Role.Ingest => [Role.Query, Role.Metrics, Role.Ingest],
        Role.Admin => [Role.Query, Role.Metrics, Role.Ingest, Role.Admin],
        Role.Metrics => [Role.Metrics],
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };
}
