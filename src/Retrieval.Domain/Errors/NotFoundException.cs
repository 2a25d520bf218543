namespace Retrieval.Domain.Errors;

/// <summary>Something that the caller named does not exist in the index.</summary>
public sealed class NotFoundException(string kind, string id)
    : RetrievalException($"unknown {kind} id '{id}'")
{
    /// <summary>The kind of object, e.g. <c>image</c>.</summary>
    public string Kind { get; } = kind;

    /// <summary>The id as the caller gave it.</summary>
    public string Id { get; } = id;
}
