namespace Retrieval.Server.Contracts;

/// <summary>An index that is held beside the served one.</summary>
/// <param name="Name">What requests call it, as <c>index</c>.</param>
/// <param name="Images">Images that can be found; null while it is not loaded.</param>
/// <param name="Captions">Captions that can be found; null while it is not loaded.</param>
/// <param name="Epoch">Generation; with a catalog, its epoch there; null while it is not loaded.</param>
/// <param name="NotReady">Why it cannot be searched; null if it can.</param>
public sealed record FurtherIndexResponse(string Name, long? Images, long? Captions, long? Epoch, string? NotReady);
