namespace Retrieval.Server.Contracts;

/// <summary>Where the graphs run.</summary>
/// <param name="Name">The device, for people to read.</param>
/// <param name="Reason">Why it was chosen.</param>
/// <param name="MemoryBytes">Its total memory.</param>
public sealed record DeviceResponse(string Name, string Reason, long MemoryBytes);
