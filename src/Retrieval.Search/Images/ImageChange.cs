namespace Retrieval.Search.Images;

/// <summary>A change that is stored.</summary>
/// <param name="Id">The image's id.</param>
/// <param name="Kind">What was done.</param>
/// <param name="IndexEpoch">Epoch of the index with which it is seen.</param>
/// <param name="Visible">Whether this replica's searches see it already.</param>
/// <param name="Model">Name and shortened fingerprint of the model that encoded it.</param>
public sealed record ImageChange(string Id, ImageChangeKind Kind, long IndexEpoch, bool Visible, string Model);
