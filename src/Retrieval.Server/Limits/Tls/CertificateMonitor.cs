using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Retrieval.Domain.Errors;
using Retrieval.Server.Background;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Limits.Tls;

/// <summary>Serves the certificate as its files have it. While a renewal has exchanged one file and not the other, the former one stays.</summary>
internal sealed class CertificateMonitor(TlsOptions files, TimeProvider time, ILogger<CertificateMonitor> logger)
    : FollowedFile("Tls", "The certificate", time, logger)
{
    private const int MostBytes = 1 << 20;

    private readonly TimeProvider _time = time;
    private volatile ServerCertificate? _current;

    /// <summary>The certificate of new connections.</summary>
    public ServerCertificate Current => _current ?? throw new InvalidOperationException("the certificate has not been read");

    // The contents in one, each behind its length: what one file ends with is not what the next begins with.
    protected override byte[] Read()
    {
        using var all = new MemoryStream();
        using var writer = new BinaryWriter(all, Encoding.UTF8);
        foreach (var file in new[] { files.CertificateFile, files.KeyFile, files.ClientAuthoritiesFile })
        {
            writer.Write(file.Length == 0 ? "" : Text(file));
        }

        writer.Flush();
        return all.ToArray();
    }

    protected override void Take(byte[] content)
    {
        using var reader = new BinaryReader(new MemoryStream(content), Encoding.UTF8);
        var (certificates, key, authorities) = (reader.ReadString(), reader.ReadString(), reader.ReadString());
        try
        {
            _current = ServerCertificate.Of(certificates, files.KeyFile.Length > 0 ? key : certificates, files.ClientAuthoritiesFile.Length > 0 ? authorities : null, files, _time.GetUtcNow());
        }
        catch (CryptographicException exception)
        {
            // A key of a kind that the platform does not know.
            throw new InvalidInputException($"the certificate cannot be served: {exception.Message}", files.CertificateFile, innerException: exception);
        }
    }

    private static string Text(string file)
    {
        // As File.ReadAllText does: a mark of the byte order is no part of the text.
        using var reader = new StreamReader(new MemoryStream(RegularFile.Read(file, "the file of certificates", MostBytes)), Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
