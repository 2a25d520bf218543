using Retrieval.Domain.Errors;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;
using Retrieval.Storage.Postgres.Connecting;

namespace Retrieval.Server.Loading;

/// <summary>
/// Why a load failed, in words for readiness callers: with the file's name, but without its folder and without the address of
/// the database.
/// </summary>
internal sealed class PublicReason(ServerSnapshotOptions snapshot, string providerLibrary)
{
    private readonly (string Text, string Word)[] _places =
    [
        .. BundleSet.Split(snapshot.Bundle).Append(snapshot.Bundle).Select(bundle => ($"bundle {bundle}", "the bundle")),
        ($"index {snapshot.Index}", "the index"),
        ($"cache folder {snapshot.Index}", "the cache folder"),
        .. BundleSet.Split(snapshot.Bundle).Select(bundle => (Path.GetFullPath(bundle) + Path.DirectorySeparatorChar, "")),
        (Path.GetFullPath(snapshot.Index) + Path.DirectorySeparatorChar, ""),
        (Path.GetFullPath(snapshot.Index), "the index"),
        (AppContext.BaseDirectory, ""),
        .. providerLibrary.Length == 0 ? [] : new[] { (providerLibrary, "the configured library") },
    ];

    public string Of(Exception exception) => exception switch
    {
        CatalogUnavailableException { SignInRefused: true } => "Postgres refuses the sign-in; the server's log has more",
        CatalogUnavailableException => "Postgres does not answer; the server's log has more",
        CatalogException refused => OfFault(refused.Fault),
        RetrievalException => Of(exception.Message),
        _ => "loading failed for a reason that was not foreseen; the server's log has it",
    };

    public string Of(string message) => _places.Aggregate(message, (text, place) => text.Replace(place.Text, place.Word, StringComparison.Ordinal));

    private static string OfFault(CatalogFault fault) => fault switch
    {
        CatalogFault.Schema => "the catalog's schema is not this version's; run `retrieval index migrate`",
        CatalogFault.Forbidden => "the database role may not read the catalog",
        CatalogFault.DiskFull => "Postgres has no room left on its disk",
        CatalogFault.SharedMemory => "Postgres has too little shared memory",
        CatalogFault.Busy => "timed out waiting for a lock in Postgres; it is tried again",
        CatalogFault.Index => "the index is no longer in the catalog",
        _ => "Postgres refused; the server's log has more",
    };
}
