using System.IO.Compression;
using Retrieval.Domain.Errors;
using Retrieval.Features.Files;

namespace Retrieval.Features.Npy;

/// <summary>
/// Several named arrays in one <c>.npz</c> file (a zip archive of <c>.npy</c> files, stored or deflated). Each is read completely
/// on request. Nothing is ever written to disk.
/// </summary>
public sealed class NpzFile : IDisposable
{
    /// <summary>The default size limit of an array: 1 GiB.</summary>
    public const long DefaultMaxArrayBytes = 1L << 30;

    private const int MaxArrays = 1024;
    private const string Extension = ".npy";

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly string _file;
    private readonly long _maxArrayBytes;

    private NpzFile(ZipArchive archive, string file, long maxArrayBytes)
    {
        _archive = archive;
        _file = file;
        _maxArrayBytes = maxArrayBytes;
    }

    /// <summary>Names of the arrays, in the order of the file.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidInputException">The file is missing, or not an archive of arrays.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static NpzFile Open(string path, long maxArrayBytes = DefaultMaxArrayBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Open(InputFile.OpenRead(path, bufferSize: 4096), Path.GetFileName(path), maxArrayBytes);
    }

    /// <summary>Opens an archive in a stream, which is closed together with the archive.</summary>
    /// <param name="stream">A stream that can seek.</param>
    /// <param name="file">The file's name, for errors.</param>
    /// <param name="maxArrayBytes">Size limit of an array, including its header.</param>
    /// <exception cref="InvalidInputException">The stream does not contain an archive of arrays.</exception>
    public static NpzFile Open(Stream stream, string file, long maxArrayBytes = DefaultMaxArrayBytes)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ZipArchive? archive = null;
        try
        {
            archive = new ZipArchive(stream, ZipArchiveMode.Read);
            var npz = new NpzFile(archive, file, Math.Min(maxArrayBytes, Array.MaxLength));
            npz.ListArrays();
            return npz;
        }
        catch (Exception e)
        {
            archive?.Dispose();
            stream.Dispose();
            if (e is InvalidDataException)
            {
                throw new InvalidInputException($"not a zip archive: {e.Message}", file, innerException: e);
            }

            throw;
        }
    }

    /// <summary>Whether there is an array with this name.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Reads an array.</summary>
    /// <param name="name">Its name, without <c>.npy</c>.</param>
    /// <exception cref="InvalidInputException">There is no such array, it is too large, or it is damaged.</exception>
    public NpyArray Read(string name)
    {
        if (!_entries.TryGetValue(name, out var entry))
        {
            throw new InvalidInputException($"no such array, expected one of: {string.Join(", ", Names)}", $"{_file}/{name}");
        }

        var label = $"{_file}/{name}";
        if (entry.Length > _maxArrayBytes)
        {
            throw new InvalidInputException($"{entry.Length} bytes, expected at most {_maxArrayBytes}", label);
        }

        try
        {
            // Read through the checksum stream, so that the checksum covers header and data.
            using var stream = new Crc32Stream(entry.Open());
            var array = ReadArray(stream, entry.Length, label);
            return stream.Crc32 == entry.Crc32
                ? array
                : throw new InvalidInputException("damaged: the check sum is not that of the archive", label);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidInputException($"damaged: {e.Message}", label, innerException: e);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _archive.Dispose();

    private static NpyArray ReadArray(Stream stream, long entryBytes, string label)
    {
        var header = NpyHeaderReader.Read(stream, label, columnMajor: true);
        if (header.DataOffset + header.DataBytes != entryBytes)
        {
            throw new InvalidInputException($"{entryBytes} bytes, expected {header.DataOffset + header.DataBytes} for shape {header.ShapeText}", label);
        }

        var data = new byte[header.DataBytes];
        var read = stream.ReadAtLeast(data, data.Length, throwOnEndOfStream: false);
        if (read < data.Length || stream.ReadByte() >= 0)
        {
            throw new InvalidInputException($"the archive gives another number of bytes than the {entryBytes} it declares", label);
        }

        return new NpyArray(label, header, data);
    }

    private void ListArrays()
    {
        foreach (var entry in _archive.Entries)
        {
            if (!entry.FullName.EndsWith(Extension, StringComparison.Ordinal))
            {
                throw new InvalidInputException($"the entry '{entry.FullName}' is not an array, expected names that end in {Extension}", _file);
            }

            if (_entries.Count == MaxArrays)
            {
                throw new InvalidInputException($"more than {MaxArrays} arrays", _file);
            }

            if (!_entries.TryAdd(entry.FullName[..^Extension.Length], entry))
            {
                throw new InvalidInputException($"the array '{entry.FullName}' occurs twice", _file);
            }
        }
    }
}
