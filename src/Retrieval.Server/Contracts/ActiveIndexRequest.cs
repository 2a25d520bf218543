using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>Which index replicas are to serve.</summary>
/// <param name="Name">Its name in the catalog.</param>
/// <param name="Force">Whether it is activated even if it is not complete.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ActiveIndexRequest(string Name, bool? Force = null);
