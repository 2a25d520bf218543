using System.Net.Security;
using System.Security.Authentication;
using Retrieval.Domain.Errors;

namespace Retrieval.Server.Limits.Tls;

/// <summary>A handshake of both ends in memory: a certificate that the platform cannot serve is found before a client finds it.</summary>
internal static class TrialHandshake
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Shakes hands once.</summary>
    /// <param name="certificate">What the server presents.</param>
    /// <param name="protocols">What both speak.</param>
    /// <param name="file">The certificate's file, for the error.</param>
    /// <exception cref="InvalidInputException">The handshake fails.</exception>
    public static void Run(SslStreamCertificateContext certificate, SslProtocols protocols, string file)
    {
        var (one, other) = MemoryConnection.Create();
        using var server = new SslStream(one);
        using var client = new SslStream(other);
        using var bound = new CancellationTokenSource(Longest);
        var serves = EndAsync(server, end => end.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = certificate, EnabledSslProtocols = protocols }, bound.Token));
        var asks = EndAsync(client, end => end.AuthenticateAsClientAsync(ClientOptions(protocols), bound.Token));
        try
        {
            // The certificate is read at start and by a thread of its own: nobody waits behind this.
            Task.WhenAll(serves, asks).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or OperationCanceledException or NotSupportedException)
        {
            throw new InvalidInputException($"a handshake with the certificate fails: {exception.InnerException?.Message ?? exception.Message}; expected one that clients can use", file, innerException: exception);
        }
    }

    // Whom the certificate names and who has signed it is for real clients to judge: they know their authorities.
    private static SslClientAuthenticationOptions ClientOptions(SslProtocols protocols) => new()
    {
        TargetHost = "localhost",
        EnabledSslProtocols = protocols,
        RemoteCertificateValidationCallback = (_, presented, _, _) => presented is not null,
    };

    // An end that fails hangs up, so that the other does not wait for it.
    private static async Task EndAsync(SslStream end, Func<SslStream, Task> handshake)
    {
        try
        {
            await handshake(end).ConfigureAwait(false);
        }
        catch
        {
            await end.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
