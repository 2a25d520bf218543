using System.Runtime.CompilerServices;
using PureHDF;
using PureHDF.Filters;
using PureHDF.VOL.Native;
using Retrieval.Domain.Errors;
using Retrieval.Features.Files;

namespace Retrieval.Features.Hdf5;

/// <summary>An open HDF5 file. Whatever the reader below it throws comes out as an error that names the file.</summary>
internal sealed class Hdf5File : IDisposable
{
    private const int BufferBytes = 4096;
    private const string DatasetExpected = "expected a dataset of this file; h5py, or h5copy for a link, puts the data into one file";

    private readonly Hdf5Stream _stream;
    private readonly NativeFile _file;

    static Hdf5File()
    {
        H5Filter.Register(new BoundedDeflate());
        foreach (var filter in UnreadFilter.All)
        {
            H5Filter.Register(filter);
        }
    }

    private Hdf5File(Hdf5Stream stream, NativeFile file, string name) => (_stream, _file, Name) = (stream, file, name);

    /// <summary>Bytes of the file.</summary>
    public long Length => _stream.Length;

    /// <summary>The file's name, for errors.</summary>
    public string Name { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidInputException">It is missing, no HDF5 file, or was cut.</exception>
    public static Hdf5File Open(string path)
    {
        var name = Path.GetFileName(path);
        var stream = new Hdf5Stream(InputFile.OpenRead(path, BufferBytes));
        try
        {
            Hdf5Superblock.Check(stream, name);
            stream.Position = 0;
            return new Hdf5File(stream, Translated(stream, name, null, () => H5File.Open(stream, leaveOpen: true)), name);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Whether there is something of this name.</summary>
    public bool Contains(string path) => Guarded(path, () => _file.LinkExists(path));

    /// <summary>Names of what the file has at its top, for messages.</summary>
    /// <param name="most">How many of them.</param>
    public IReadOnlyList<string> Names(int most) => Guarded(null, () => _file.Children().Take(most).Select(child => child.Name).Order(StringComparer.Ordinal).ToList());

    /// <summary>Opens a dataset.</summary>
    /// <exception cref="InvalidInputException">There is none of this name, or its description is damaged or of a kind that is not
    /// read.</exception>
    public Hdf5Dataset Dataset(string path)
    {
        var found = Guarded(path, () => _file.LinkExists(path) ? _file.Get(path) : null)
            ?? throw new InvalidInputException($"no such dataset; the file has {string.Join(", ", Names(10))}", Name, field: path);
        if (found is not NativeDataset dataset)
        {
            // PureHDF finds no file beside this one, for it is given a stream: where such a link leads is not known here.
            throw new InvalidInputException(found is NativeGroup ? "a group and not a dataset" : $"a link that leads nowhere or to another file, {DatasetExpected}", Name, field: path);
        }

        // Another file may be any of the machine. Nobody named it.
        if (Guarded(path, () => !ReferenceEquals(ContextOf(dataset), ContextOf(_file)) ? "a link to another file" : OtherFilesOf(dataset) is null ? null : "its data lie in another file") is { } elsewhere)
        {
            throw new InvalidInputException($"{elsewhere}, {DatasetExpected}", Name, field: path);
        }

        return Guarded(path, () => new Hdf5Dataset(this, path, dataset));
    }

    /// <summary>A list of texts or whole numbers in an attribute of the file, or of one of its datasets; null without it.</summary>
    /// <param name="dataset">The dataset; null for the file.</param>
    /// <param name="name">The attribute.</param>
    public IReadOnlyList<string>? Attribute(string? dataset, string name) => Guarded(dataset is null ? name : $"{dataset}.{name}", () =>
    {
        var holder = dataset is null ? _file : _file.Get(dataset);
        return holder.AttributeExists(name) ? Hdf5Texts.Read(holder.Attribute(name)) : null;
    });

    /// <summary>Runs a step of reading, and turns what it throws into an error of this file.</summary>
    /// <param name="dataset">The dataset, if it is about one.</param>
    /// <param name="step">The step.</param>
    public T Guarded<T>(string? dataset, Func<T> step)
    {
        _stream.Begin();
        return Translated(_stream, Name, dataset, step);
    }

    /// <summary>Runs a step that reads data from the disk, and refuses data that were never written.</summary>
    /// <inheritdoc cref="Guarded"/>
    public void GuardedData(string dataset, Action read)
    {
        _ = Guarded(dataset, () =>
        {
            read();
            return true;
        });
        if (_stream.BytesRead == 0)
        {
            // HDF5 gives zeros for them, which are no features.
            throw new InvalidInputException("its data were never written", Name, field: dataset);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _stream.Dispose();
    }

    private static T Translated<T>(Hdf5Stream stream, string name, string? dataset, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (Exception e) when (e is not InvalidInputException)
        {
            if (stream.AskedForMuch)
            {
                // Up to 2 GiB, which the next step may ask for again: they are given back now and not at some time.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            }

            // PureHDF throws what comes: of a damaged file also arithmetic, ranges, and memory that nobody has.
            if (stream.Fault is { } fault)
            {
                throw new IOException($"{name}: {fault.Message}", fault);
            }

            throw new InvalidInputException($"cannot be read: {Innermost(e)}", name, field: dataset, innerException: e);
        }
    }

    // Two things that PureHDF knows and does not show: what an object was opened with, which is the same for all of one file, and the
    // files that hold a dataset's data.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Context")]
    [return: UnsafeAccessorType("PureHDF.VOL.Native.NativeReadContext, PureHDF")]
    private static extern object ContextOf(NativeObject found);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_InternalExternalFileList")]
    [return: UnsafeAccessorType("PureHDF.VOL.Native.ExternalFileListMessage, PureHDF")]
    private static extern object? OtherFilesOf(NativeDataset found);

    private static string Innermost(Exception e) => e.InnerException is null ? e.Message : Innermost(e.InnerException);
}
