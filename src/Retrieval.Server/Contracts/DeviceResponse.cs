namespace Retrieval.Server.Contracts;

/// <summary>Where the graphs run.</summary>
/// <param name="Name">The device, for people.</param>
/// <param name="Reason">Why this one.</param>
/// <param name="MemoryBytes">All of its memory.</param>
public sealed record DeviceResponse(string Name, string Reason, long MemoryBytes);
