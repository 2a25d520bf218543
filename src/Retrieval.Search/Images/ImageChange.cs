namespace Retrieval.Search.Images;

/// <summary>A stored change.</summary>
/// <param name="Id">The image's id.</param>
/// <param name="Kind">What was done.</param>
/// <param name="IndexEpoch">First epoch of the index that contains the change.</param>
/// <param name="Visible">Whether this replica's searches see it already.</param>
/// <param name="Model">Name and shortened fingerprint of the model that encoded it.</param>
public sealed record ImageChange(string Id, ImageChangeKind Kind, long IndexEpoch, bool Visible, string Model);
