using System.CommandLine;
using Retrieval.Domain.Errors;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary>Selects the catalog's index that a command applies to.</summary>
internal static class CatalogIndexOption
{
    public static Option<string?> Create() => new("--name") { Description = "With --postgres: the index; the active one if not given", HelpName = "NAME" };

    /// <exception cref="InvalidInputException">No index is named and none is active.</exception>
    /// <exception cref="CatalogException">There is no index with this name.</exception>
    public static async Task<CatalogIndex> FindAsync(Catalog catalog, string? name, CancellationToken cancellationToken) => name is null
        ? await CatalogIndexes.FindActiveAsync(catalog, cancellationToken).ConfigureAwait(false) ?? throw new InvalidInputException("is missing, and no index of the catalog is active", field: "--name")
        : await CatalogIndexes.FindAsync(catalog, name, cancellationToken).ConfigureAwait(false) ?? throw new CatalogException($"index {name}", CatalogFault.Index, "there is no index of this name in the catalog");
}
