using System.Net;
using Microsoft.AspNetCore.Http;

namespace Retrieval.Server.Configuration;

/// <summary>Addresses to listen on, in the format of <c>Http:Urls</c>.</summary>
internal static class ListenAddress
{
    public static string[] Split(string urls) => urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>What is wrong with an address; null for nothing.</summary>
    public static string? Fault(string url)
    {
        if (Parse(url) is not { Scheme: "http" or "https", PathBase.Length: 0, IsUnixPipe: false, IsNamedPipe: false } address)
        {
            return "expected an address such as http://127.0.0.1:8080 or http://*:8080, without a path";
        }

        if (address.Port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort || PortIsInHost(address.Host))
        {
            return $"expected a port of {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}";
        }

        // The server interprets an unknown name as every address of the machine.
        return address.Host is "*" or "+" || IsLocalhost(address) || IPAddress.TryParse(address.Host, out _)
            ? null
            : "expected an IP address, localhost, or * for every address of the machine: a name cannot be listened on";
    }

    /// <summary>An address without a fault.</summary>
    public static BindingAddress Of(string url) => Parse(url) ?? throw new ArgumentException("not an address", nameof(url));

    /// <summary>Whether TLS is spoken on the address.</summary>
    public static bool IsTls(string url) => Parse(url) is { Scheme: "https" };

    /// <summary>Whether only this machine can connect to the address.</summary>
    public static bool IsLoopback(string url) =>
        Parse(url) is { } address && (IsLocalhost(address) || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip)));

    private static bool IsLocalhost(BindingAddress address) => string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase);

    // The framework takes a port that is no 32-bit integer for a part of the host, and "[::1]:x" for an IP address.
    private static bool PortIsInHost(string host)
    {
        var end = host.LastIndexOf(']') + 1;
        return host.AsSpan(end).Count(':') == 1 && (end > 0 || !IPAddress.TryParse(host, out _));
    }

    private static BindingAddress? Parse(string url)
    {
        try
        {
            return BindingAddress.Parse(url);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
