using Retrieval.Search.Images;

namespace Retrieval.Server.Contracts;

/// <summary>A stored change of one image.</summary>
/// <param name="Id">The image's id.</param>
/// <param name="Change"><c>created</c>, <c>replaced</c> or <c>deleted</c>, as this replica knew the index.</param>
/// <param name="IndexEpoch">First epoch of the index that contains the change.</param>
/// <param name="Visible">Whether this replica's searches already see it. Other replicas follow within their polling interval.</param>
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
