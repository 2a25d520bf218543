namespace Retrieval.Server.Errors;

/// <summary>The body is of a type that its route does not take, or compressed.</summary>
/// <param name="types">The media types that it takes.</param>
internal sealed class MediaTypeException(IReadOnlyList<string> types) : Exception
{
    /// <summary>The media types that the route takes.</summary>
    public IReadOnlyList<string> Types { get; } = types;
}
