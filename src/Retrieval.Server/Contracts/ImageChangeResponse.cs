using Retrieval.Search.Images;

namespace Retrieval.Server.Contracts;

/// <summary>A change of one image that is stored.</summary>
/// <param name="Id">The image's id.</param>
/// <param name="Change"><c>created</c>, <c>replaced</c> or <c>deleted</c>, as this replica knew the index.</param>
/// <param name="IndexEpoch">Epoch of the index with which it is seen.</param>
/// <param name="Visible">Whether this replica's searches see it already. Other replicas follow within their interval.</param>
/// <param name="Model">Name of the model and the beginning of its fingerprint.</param>
public sealed record ImageChangeResponse(string Id, string Change, long IndexEpoch, bool Visible, string Model)
{
    internal static ImageChangeResponse Of(ImageChange change) => new(change.Id, NameOf(change.Kind), change.IndexEpoch, change.Visible, change.Model);

    private static string NameOf(ImageChangeKind kind) => kind switch
    {
        ImageChangeKind.Created => "created",
        ImageChangeKind.Replaced => "replaced",
        _ => "deleted",
    };
}
