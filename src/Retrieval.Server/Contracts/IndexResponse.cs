namespace Retrieval.Server.Contracts;

/// <summary>One index.</summary>
/// <param name="Name">Its name in the catalog; null for a local index, which has none.</param>
/// <param name="Model">The bundle it was made with: its name and the first 12 digits of its fingerprint.</param>
/// <param name="Epoch">Number of its last change.</param>
/// <param name="Active">Whether replicas are to serve it.</param>
/// <param name="Served">Whether this replica serves it.</param>
/// <param name="Incomplete">Why it is not complete, so that it is not activated without <c>force</c>; null if it is.</param>
public sealed record IndexResponse(string? Name, string Model, long Epoch, bool Active, bool Served, string? Incomplete);
